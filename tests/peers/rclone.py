"""rclone as an S3 server: it checks every signature, and keeps buckets as folders.

All of its customers see all of its buckets; who may see what is moto's to prove.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from humana.embedded.secrets import word
from tests.peers.storages import StorageServer, beside


class Rclone(StorageServer):
    type = "s3"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.keys = {whose: (f"key-of-{whose}", word()) for whose in "ab"}

    def _command(self) -> Sequence[str | Path]:
        keys = [part for key, secret in self.keys.values() for part in ("--auth-key", f"{key},{secret}")]
        address = ["--addr", f"{self.host}:{self.port}"]
        cache = [
            "--vfs-cache-mode",
            "writes",
            "--cache-dir",
            str(self.home / "cache"),
            "--config",
            "/dev/null",
        ]
        return [beside("rclone") or "rclone", "serve", "s3", *keys, *address, *cache, self.home / "data"]

    def _start(self, port: int):  # type: ignore[no-untyped-def]
        for whose in "ab":
            (self.home / "data" / f"org-{whose}").mkdir(parents=True, exist_ok=True)
        return super()._start(port)

    def _credentials(self, whose: str) -> dict[str, str]:
        access, secret = self.keys[whose]
        return {"access_key": access, "secret_key": secret}
