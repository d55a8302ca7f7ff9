"""The text of a file, read by a process of its own. What it says is bounded and checked here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from documents.extraction.contract import USUAL, CannotRead, Limits, Section
from documents.extraction.frames import Message
from documents.extraction.media import OLE, READ, SHOWN
from documents.extraction.process import CHUNK, Reader

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
#: What an office document with a password has inside, as it is written there.
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def extract(
    path: Path, media_type: str, *, limits: Limits = USUAL, progress: Progress | None = None
) -> Reading:
    """The sections of a file, as they are found. An image has none.

    The type is what `recognise` said. `progress` is told how many of all pages, slides or sheets are
    read, at most a hundred times. Raises CannotRead, also after some sections; those are sound. Close it,
    or leave its `with`, where it is not read to its end.
    """
    return Reading(path, media_type, limits=limits, progress=progress)


class Reading(Iterator[Section]):
    """The sections of one file. `cut`: the document has more text than was read."""

    def __init__(
        self, path: Path, media_type: str, *, limits: Limits = USUAL, progress: Progress | None = None
    ) -> None:
        self.cut, self._ended = False, False
        self._limits, self._progress, self._told = limits, progress, -1
        self._sections = self._read(path, media_type)

    def __next__(self) -> Section:
        return next(self._sections)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process that reads, if it is there still."""
        self._sections.close()

    def _read(self, path: Path, media_type: str) -> Generator[Section, None, None]:
        if media_type in SHOWN:
            return
        if media_type == OLE.type:
            raise CannotRead("locked" if _holds(path, _LOCKED) else "old_format")
        if media_type not in READ:
            raise CannotRead("not_read")
        reader = Reader(path, media_type, self._limits)
        try:
            yield from self._heard(reader.messages())
        finally:
            why = reader.end()
        if not self._ended:
            if why == "failed":
                log.error("the process that reads files ended before it began: can this machine confine one?")
            raise CannotRead(why)

    def _heard(self, messages: Iterator[Message]) -> Iterator[Section]:
        left = self._limits.text
        for message in messages:
            if isinstance(message, Section):
                left -= len(message.text)
                if left < 0:
                    raise CannotRead("too_complex")
                yield message
            elif isinstance(message, tuple):
                self._tell(*message)
            elif message == "cut":
                self.cut = True
            else:
                self._ended = True
                return

    def _tell(self, done: int, of: int) -> None:
        percent = done * 100 // of if of else 100
        if self._progress is not None and percent > self._told:
            self._told = percent
            self._progress(done, of)


def _holds(path: Path, sign: bytes) -> bool:
    with path.open("rb") as file:
        before = b""
        while piece := file.read(CHUNK):
            if sign in before + piece:
                return True
            before = piece[-len(sign) :]
    return False
