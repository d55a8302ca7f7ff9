"""Azurite: Microsoft's own emulator of Azure's storage. It checks keys and signed addresses."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient

from tests.peers.storages import NODE, StorageServer


class Azurite(StorageServer):
    type = "azure-blob"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.keys = {whose: base64.b64encode(os.urandom(32)).decode() for whose in "ab"}

    def _command(self) -> Sequence[str | Path]:
        where = ["--blobHost", self.host, "--blobPort", str(self.port), "--location", str(self.home / "data")]
        return [NODE / "azurite-blob", *where, "--skipApiVersionCheck", "--disableTelemetry", "--silent"]

    def _environment(self) -> Mapping[str, str]:
        return {"AZURITE_ACCOUNTS": ";".join(f"org{whose}:{key}" for whose, key in self.keys.items())}

    def _furnish(self) -> None:
        for whose, key in self.keys.items():
            known = {"account_name": f"org{whose}", "account_key": key}
            with BlobServiceClient(f"{self.url}/org{whose}", credential=known) as client:
                client.create_container("papers")

    def spec(self, whose: str = "a", **changes: Any) -> Any:
        return super().spec(whose, **{"url": f"{self.url}/org{whose}", **changes})

    def _options(self, whose: str) -> dict[str, Any]:
        return {"account": f"org{whose}", "container": "papers"}

    def _credentials(self, whose: str) -> dict[str, str]:
        return {"account_key": self.keys[whose]}
