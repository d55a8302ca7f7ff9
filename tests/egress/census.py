"""Which addresses this process dials, seen from outside our own code.

Python's audit hook sees every `socket.connect` of Python's own sockets: asyncio's and aiohttp's,
not those of uvloop or libpq. A hook can never be removed, so there is one, and it can be switched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from humana.kernel.egress import dials


@dataclass
class Census:
    """`dialled` is what left the process, `unexplained` what no guard has let out."""

    dialled: list[tuple[str, int]] = field(default_factory=list)
    _since: int = 0

    @property
    def unexplained(self) -> list[tuple[str, int]]:
        explained = {(dial.address, dial.port) for dial in list(dials)[self._since :]}
        return [address for address in self.dialled if address not in explained]


_open: list[Census] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _open and isinstance(arguments[1], tuple):
        host, port = arguments[1][:2]
        for census in _open:
            census.dialled.append((str(host), int(port)))


sys.addaudithook(_hear)


@contextmanager
def census() -> Iterator[Census]:
    dials.clear()
    taken = Census()
    _open.append(taken)
    try:
        yield taken
    finally:
        _open.remove(taken)
