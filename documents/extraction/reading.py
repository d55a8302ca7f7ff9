"""The text of a file, read by a process of its own. What it says is bounded and checked here.

Pictures of text are read afterwards, some at a time, once that process has said where they are (`seeing`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from documents.extraction import engine
from documents.extraction.contract import (
    IMAGE,
    PICTURES,
    PORTION,
    USUAL,
    CannotRead,
    Limits,
    Picture,
    Reason,
    Section,
)
from documents.extraction.hearing import Heard, Hearing
from documents.extraction.media import HAVE_PICTURES, OLE, PDF, READ, SHOWN
from documents.extraction.media import PICTURES as IMAGES
from documents.extraction.process import CHUNK, Reader
from documents.extraction.seeing import Looking
from documents.extraction.seen import Seen

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
    seen: Seen | None = None,
) -> Reading:
    """The sections of a file, in the order of its pages.

    The type is what `recognise` said. `progress` is told how many of all pages, slides or sheets are
    read, at most a hundred times. Raises CannotRead, also after some sections; those are sound. What is
    wrong with a picture is never raised: `unread` says it. With `seen` one portion of the pictures is
    looked at beside those that were: what it has afterwards goes into the next call, until `left` is 0.
    Close it, or leave its `with`, where it is not read to its end.
    """
    return Reading(path, media_type, limits=limits, pictures=pictures, progress=progress, seen=seen)


class Reading(Iterator[Section]):
    """The sections of one file.

    cut      the document has more text than was read
    unread   the first picture (of a PDF: page) that was not read, and why; None where there is none
    over     no picture after that was read either
    left     pictures that are still to be looked at; their text is missing so far
    """

    def __init__(
        self,
        path: Path,
        media_type: str,
        *,
        limits: Limits,
        pictures: Limits,
        progress: Progress | None,
        seen: Seen | None,
    ) -> None:
        self.cut, self.over, self.left = False, False, 0
        self.unread: tuple[int, Reason] | None = None
        self._path, self._type, self._once = path, media_type, seen is not None
        self._seen = seen if seen is not None else Seen()
        self._limits, self._pictures, self._progress = limits, pictures, progress
        self._room, self._told, self._of = limits.text, -1, 0
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
            yield from self._image()
        elif self._type in READ:
            yield from self._written()
        elif self._type == OLE.type:
            raise CannotRead("locked" if _holds(self._path, _LOCKED) else "old_format")
        elif self._type not in SHOWN:
            raise CannotRead("not_read")

    def _written(self) -> Iterator[Section]:
        """What is stored as text, at once; what comes after a picture waits for it."""
        waiting: list[Section | Picture] = []
        pictures: list[int] = []
        try:
            for one in self._heard():
                if isinstance(one, tuple):
                    self._tell(one[0] - (len(pictures) if self._type == PDF.type else 0), one[1])
                elif isinstance(one, Picture):
                    waiting.append(self._expected(one, pictures))
                elif isinstance(one, Section) and pictures:
                    waiting.append(one)
                elif isinstance(one, Section):
                    yield one
        except CannotRead:
            yield from (one for one in waiting if isinstance(one, Section))
            raise
        self._look(pictures)
        for held in waiting:
            yield from [held] if isinstance(held, Section) else self._said(held)

    def _heard(self) -> Iterator[Heard]:
        """What the reader says, counted. That a text was read from a picture is said here alone."""
        with self._path.open("rb") as file:
            hearing = Hearing(Reader(file, self._type, self._limits))
            for one in hearing:
                if isinstance(one, Section):
                    self._room -= len(one.text)
                    if self._room < 0:
                        raise CannotRead("too_complex")
                    one = Section(one.place.removesuffix(IMAGE), one.text)  # noqa: PLW2901
                yield one
        self.cut = self.cut or hearing.cut

    def _expected(self, one: Picture, before: list[int]) -> Picture:
        """A picture that is to be read: each once; pages in order."""
        again = one.number <= before[-1] if self._type == PDF.type and before else one.number in before
        if self._type not in HAVE_PICTURES or len(before) >= self._limits.pages or again:
            raise CannotRead("too_complex")
        before.append(one.number)
        return one

    def _image(self) -> Iterator[Section]:
        """An image, or the pages of a fax: how many there are is known once the first is drawn."""
        self._look([])
        for number in sorted(self._seen.texts):
            yield from self._said(Picture(number, f"page:{number}"))

    def _said(self, one: Picture) -> list[Section]:
        return [Section(f"{one.place}{IMAGE}", text) for text in self._seen.texts.get(one.number, [])]

    def _look(self, pictures: list[int]) -> None:
        """At one portion after the other, or at one; `unread` says where that ended, and why."""
        seen, looked = self._seen, False
        while todo := self._todo(pictures):
            if looked and self._once:
                self.left = len(todo)
                break
            before = len(seen.texts)
            Looking(self._path, self._type, self._limit(), seen, lambda: self._tell_seen(pictures)).look(
                todo[:PORTION]
            )
            looked = True
            if len(seen.texts) == before:  # nobody came to any of them
                seen.stopped(todo[0], "too_slow")
        self.unread, self.over, self.cut = seen.unread, seen.over, self.cut or seen.cut

    def _todo(self, pictures: list[int]) -> list[int]:
        """What is still to be looked at, of as many as may be."""
        seen, most = self._seen, self._pictures.pages
        numbers = list(range(1, (seen.of or PORTION) + 1)) if self._type in IMAGES else pictures
        todo = [one for one in numbers if one not in seen.texts]
        if not todo or seen.over:
            return []
        if engine.languages() is None:
            seen.stopped(todo[0], "no_reader")
        elif seen.seconds >= self._pictures.seconds or len(seen.texts) >= most:
            seen.cut = True
            seen.stopped(todo[0], "too_slow")
        return [] if seen.over else todo[: most - len(seen.texts)]

    def _tell_seen(self, pictures: list[int]) -> None:
        done, beside = len(self._seen.texts), max(0, self._of - len(pictures))
        if self._type in IMAGES:
            self._tell(done, max(done, self._seen.of))
        elif self._type == PDF.type:
            self._tell(beside + done, beside + len(pictures))
        else:
            self._tell(done, len(pictures))

    def _limit(self) -> Limits:
        return replace(self._pictures, text=max(1, self._room))

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
