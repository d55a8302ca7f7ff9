"""fake-gcs-server: Google's protocol of storage. It checks no keys at all, of requests or addresses."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.peers.server import program
from tests.peers.storages import BESIDE, StorageServer

NAME = "fake-gcs-server-linux-amd64"


def server_program() -> Path | None:
    """Inside the wheel that brings it there is no link to it."""
    return next(BESIDE.glob(f"lib/python3*/site-packages/*/vendor/*/bin/{NAME}"), None) or program(NAME)


@lru_cache(maxsize=1)
def service_account() -> str:
    """A key as Google would give one out, of nobody."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    told = {"type": "service_account", "client_email": "humana@example.iam.gserviceaccount.com"}
    told |= {"private_key": text, "private_key_id": "1", "token_uri": "https://oauth2.googleapis.com/token"}
    return json.dumps(told)


class FakeGCS(StorageServer):
    type = "gcs"
    _asked = "/storage/v1/b"

    def _command(self) -> Sequence[str | Path]:
        where = ["-scheme", "http", "-host", self.host, "-port", str(self.port)]
        kept = ["-backend", "filesystem", "-filesystem-root", str(self.home / "data")]
        named = ["-public-host", f"{self.host}:{self.port}", "-external-url", self.url]
        return [server_program() or NAME, *where, *kept, *named]

    def _furnish(self) -> None:
        for whose in "ab":
            body = json.dumps({"name": f"org-{whose}"}).encode()
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"{self.url}/storage/v1/b", body, headers, method="POST")
            with urllib.request.urlopen(request, timeout=5):
                pass

    def _options(self, whose: str) -> dict[str, Any]:
        return {"bucket": f"org-{whose}", "emulator": True}

    def _credentials(self, whose: str) -> dict[str, str]:
        return {"service_account": service_account()}
