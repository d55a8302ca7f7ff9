"""oidc-provider, which is certified by the OpenID Foundation: `oidc.mjs` starts it."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from humana.embedded.process import Child, on_free_port, spawn, wait_until
from tests.peers.server import ENVIRONMENT, installed

SCRIPT = Path(__file__).resolve().parent / "node" / "oidc.mjs"


class OIDCProvider:
    """One provider below `home`, which signs with so many `keys` and calls itself `url` and `slash`.

    With a certificate and its key it speaks https.
    """

    def __init__(
        self, home: Path, *, keys: int = 3, slash: str = "", certified: tuple[Path, Path] | None = None
    ) -> None:
        self.home, self.keys, self.slash, self.certified = home, keys, slash, certified
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.certified else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> Child:
        """Start it and wait until it describes itself; CannotStart with its log."""
        return on_free_port(self._start)

    def _start(self, port: int) -> Child:
        self.port = port
        child = spawn(
            "oidc-provider",
            self._command(),
            log=self.home / "logs" / "oidc.log",
            directory=SCRIPT.parent,
            environ={**ENVIRONMENT, "HOME": str(self.home)},
        )
        wait_until(self._answers, child, seconds=60)
        return child

    def _command(self) -> Sequence[str | Path]:
        asked = [str(self.port), f"{self.url}{self.slash}", str(self.keys)]
        return [installed("node"), SCRIPT, *asked, *(self.certified or ())]

    def _answers(self) -> bool:
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        described = f"{self.url}/.well-known/openid-configuration"
        try:
            with urllib.request.urlopen(described, timeout=1, context=anybody) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
