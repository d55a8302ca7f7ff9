"""Server-sent events, taken apart as their bytes arrive.

Only `data` matters to the models' protocols: what the `event` field says is in the JSON too.
"""

from __future__ import annotations

from byoc.adapters.llm.errors import malformed

_BOM = b"\xef\xbb\xbf"


class EventSplitter:
    """`feed` bytes, get the data of each event completed by them.

    Lines end in LF, CRLF or CR, and may be cut anywhere, inside a character too. Several `data`
    lines of one event are joined by LF. Comments, other fields and events without data vanish.
    Raises EndpointError when one event grows beyond `max_event_bytes`.
    """

    __slots__ = ("_after_cr", "_data", "_first", "_max", "_partial", "_size")

    def __init__(self, max_event_bytes: int = 1024 * 1024) -> None:
        self._max = max_event_bytes
        self._partial: list[bytes] = []  # pieces of the line that has not ended yet
        self._data: list[bytes] = []  # data lines of the event that has not ended yet
        self._size = 0  # bytes held in the two
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return []
        if self._size or self._after_cr or not chunk.endswith(b"\n\n") or b"\r" in chunk:
            return self._lines(chunk)
        return self._whole(chunk)

    def _whole(self, chunk: bytes) -> list[bytes]:
        """Nearly every read: nothing held, complete events only, one data line each."""
        if len(chunk) > self._max:
            return self._lines(chunk)
        events: list[bytes] = []
        for block in chunk[:-2].split(b"\n\n"):
            if block.startswith(b"data:") and b"\n" not in block:
                self._first = False
                events.append(block[5:].removeprefix(b" "))
            else:
                events += self._lines(block + b"\n\n")
        return events

    def _lines(self, chunk: bytes) -> list[bytes]:
        events: list[bytes] = []
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        for line in chunk.splitlines(keepends=True):
            if line[-1] not in b"\r\n":
                self._hold(self._partial, line)
            else:
                self._line(self._completed(line.rstrip(b"\r\n")), events)
        return events

    def _completed(self, tail: bytes) -> bytes:
        if not self._partial:
            return tail
        self._partial.append(tail)
        line = b"".join(self._partial)
        self._size -= len(line) - len(tail)
        self._partial.clear()
        return line

    def _line(self, line: bytes, events: list[bytes]) -> None:
        if self._first:
            self._first, line = False, line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._size -= sum(map(len, self._data)) + len(self._data)
                self._data.clear()
        elif line.startswith(b"data:"):
            self._hold(self._data, line[5:].removeprefix(b" "))
            self._size += 1  # the LF that joins it
        elif line == b"data":
            self._hold(self._data, b"")
            self._size += 1

    def _hold(self, where: list[bytes], piece: bytes) -> None:
        where.append(piece)
        self._size += len(piece)
        if self._size > self._max:
            raise malformed("one event of the answer is larger than allowed")
