"""Content on its way in: read in pieces, counted and digested as it goes by."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from byoc.contracts import Content

#: Bytes that are in memory at a time, of one object.
PIECE = 1024 * 1024
#: Up to so many bytes an object goes in one request; a larger one in parts of this size.
PART = 4 * 1024 * 1024


class Measured:
    """A file to read from, once and forwards. `failure` is what reading it raised, if it did.

    The SDKs would take that for a failure of theirs; whoever hands this to one looks here first.
    """

    def __init__(self, content: Content) -> None:
        self._pieces = pieces_of(content)
        self._waiting = bytearray()
        self._digest = sha256()
        self.size = 0
        self.failure: Exception | None = None

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        """Exactly `size` bytes, fewer only at the end; all that is left without."""
        while size < 0 or len(self._waiting) < size:
            piece = self._next()
            if not piece:
                break
            self._waiting += piece
        taken = bytes(self._waiting if size < 0 else self._waiting[:size])
        del self._waiting[: len(taken)]
        self._digest.update(taken)
        self.size += len(taken)
        return taken

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except Exception as error:
            self.failure = error
            raise

    def tell(self) -> int:
        return self.size


class Rejoined:
    """A file to read from of which the beginning was read before."""

    def __init__(self, first: bytes, rest: Measured) -> None:
        self._first, self._rest, self._told = first, rest, 0

    def read(self, size: int = -1, /) -> bytes:
        taken = self._first if size < 0 else self._first[:size]
        self._first = self._first[len(taken) :]
        if size < 0 or len(taken) < size:
            taken += self._rest.read(size if size < 0 else size - len(taken))
        self._told += len(taken)
        return taken

    def tell(self) -> int:
        return self._told


def pieces_of(content: Content) -> Iterator[bytes]:
    """Never an empty piece: that would be taken for the end."""
    if isinstance(content, bytes | bytearray | memoryview):
        for start in range(0, len(content), PIECE):
            yield bytes(content[start : start + PIECE])
    elif hasattr(content, "read"):
        while piece := content.read(PIECE):
            yield piece
    else:
        yield from (piece for piece in content if piece)
