"""Which addresses this process dials, seen from outside our own code.

Python's audit hook sees every `socket.connect` of Python's own sockets: asyncio's and aiohttp's,
not those of uvloop or libpq, which `kernel` sees. The hook itself is in tests/plugins/dials.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from humana.kernel.egress import dials
from tests.plugins.dials import listeners


@dataclass
class Census:
    """`dialled` is what left the process, `unexplained` what no guard has let out."""

    dialled: list[tuple[str, int]] = field(default_factory=list)
    _since: int = 0

    @property
    def unexplained(self) -> list[tuple[str, int]]:
        explained = {(dial.address, dial.port) for dial in list(dials)[self._since :]}
        return [address for address in self.dialled if address not in explained]

    def note(self, host: str, port: int) -> None:
        self.dialled.append((host, port))


@contextmanager
def census() -> Iterator[Census]:
    dials.clear()
    taken = Census()
    note = taken.note  # a bound method is another one each time
    listeners.append(note)
    try:
        yield taken
    finally:
        listeners.remove(note)
