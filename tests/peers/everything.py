"""The reference servers of tools: one by HTTP, one that remembers, one that knows what time it is.

`server-everything` listens on every address of the machine, so it is for tests only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.peers.storages import NODE, StorageServer, beside

MEMORY = NODE / "mcp-server-memory"


def time_program() -> Path | None:
    return beside("mcp-server-time")


class Everything(StorageServer):
    """`@modelcontextprotocol/server-everything`, streamable HTTP at `/mcp`."""

    _asked = "/mcp"

    def _command(self) -> Sequence[str | Path]:
        return [NODE / "mcp-server-everything", "streamableHttp"]

    def _environment(self) -> Mapping[str, str]:
        return {"PORT": str(self.port)}
