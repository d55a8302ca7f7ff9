"""The text of a file, read by a process of its own. What it says is bounded and checked here.

Pictures of text are read by a second process with more memory, once the first has said which pages are some.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from documents.extraction import engine
from documents.extraction.contract import PICTURES, USUAL, CannotRead, Limits, Reason, Section
from documents.extraction.media import OLE, PDF, READ, SHOWN
from documents.extraction.media import PICTURES as IMAGES
from documents.extraction.process import CHUNK, Reader

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
#: What an office document with a password has inside, as it is written there.
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def extract(
    path: Path,
    media_type: str,
    *,
    limits: Limits = USUAL,
    pictures: Limits = PICTURES,
    progress: Progress | None = None,
) -> Reading:
    """The sections of a file, in the order of its pages.

    The type is what `recognise` said. `progress` is told how many of all pages, slides or sheets are
    read, at most a hundred times. Raises CannotRead, also after some sections; those are sound. What is
    wrong with a picture is never raised: `unread` says it. Close it, or leave its `with`, where it is not
    read to its end.
    """
    return Reading(path, media_type, limits=limits, pictures=pictures, progress=progress)


class Reading(Iterator[Section]):
    """The sections of one file.

    cut      the document has more text than was read
    unread   the first page whose picture was not read, and why; None where there is none
    """

    def __init__(
        self, path: Path, media_type: str, *, limits: Limits, pictures: Limits, progress: Progress | None
    ) -> None:
        self.cut = False
        self.unread: tuple[int, Reason] | None = None
        self._path, self._type = path, media_type
        self._limits, self._pictures, self._progress = limits, pictures, progress
        self._left, self._told, self._of = limits.text, -1, 0
        self._sections = self._read()

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

    def _read(self) -> Generator[Section, None, None]:
        if self._type in IMAGES:
            yield from chain.from_iterable(self._pages_seen([1]))
        elif self._type in READ:
            yield from self._written()
        elif self._type == OLE.type:
            raise CannotRead("locked" if _holds(self._path, _LOCKED) else "old_format")
        elif self._type not in SHOWN:
            raise CannotRead("not_read")

    def _written(self) -> Iterator[Section]:
        """What is stored as text, at once; what comes after a page that is a picture waits for it."""
        waiting: list[Section | int] = []
        pages: list[int] = []
        try:
            for one in self._heard(self._limits):
                if isinstance(one, tuple):
                    self._tell(one[0] - len(pages), one[1])
                elif isinstance(one, int):
                    waiting.append(self._expected(one, pages))
                elif pages:
                    waiting.append(one)
                else:
                    yield one
        except CannotRead:
            yield from (one for one in waiting if isinstance(one, Section))
            raise
        yield from self._seen(pages, waiting)

    def _expected(self, page: int, pages: list[int]) -> int:
        """A page of a PDF of which a picture is to be read: each once, in order."""
        last = pages[-1] if pages else 0
        if self._type != PDF.type or len(pages) >= self._limits.pages or page <= last:
            raise CannotRead("too_complex")
        pages.append(page)
        return page

    def _seen(self, pages: list[int], waiting: list[Section | int]) -> Iterator[Section]:
        """What waits, with what is to be seen on each page in its place."""
        found = self._pages_seen(pages)
        for one in waiting:
            if isinstance(one, Section):
                yield one
            else:
                yield from next(found, [])

    def _pages_seen(self, pages: list[int]) -> Iterator[list[Section]]:
        """What is to be seen on one page after the other. Ends where no more is read; `unread` says why."""
        if engine.languages() is None:
            self.unread = pages[0], "no_reader"
            return
        before, done = max(0, self._of - len(pages)), 0
        gathered: list[Section] = []
        try:
            for one in self._heard(replace(self._pictures, text=self._left), pages):
                if isinstance(one, Section):
                    gathered.append(one)
                elif isinstance(one, tuple):
                    self._tell(before + one[0], before + one[1])
                    yield gathered
                    gathered, done = [], done + 1
            why: Reason = "too_slow"
        except CannotRead as refusal:
            why = refusal.code
        if done < len(pages):
            self.unread = pages[done], why
            yield gathered

    def _heard(self, limits: Limits, pages: Sequence[int] = ()) -> Iterator[Section | tuple[int, int] | int]:
        """What a reader says, checked and counted, until it has said that it is at the end."""
        ended = False
        reader = Reader(self._path, self._type, limits, pages=pages)
        try:
            for message in reader.messages():
                if message == "cut":
                    self.cut = True
                elif isinstance(message, str):
                    ended = True
                    break
                else:
                    yield self._counted(message)
        finally:
            why = reader.end()
        if not ended:
            if why == "failed":
                log.error("the process that reads files ended before it began: can this machine confine one?")
            raise CannotRead(why)

    def _counted(self, message: Section | tuple[int, int] | int) -> Section | tuple[int, int] | int:
        if isinstance(message, Section):
            self._left -= len(message.text)
            if self._left < 0:
                raise CannotRead("too_complex")
        return message

    def _tell(self, done: int, of: int) -> None:
        self._of = of
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
