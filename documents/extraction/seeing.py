"""What is to be seen in a document: drawn by one process, looked at by another, some pictures at a time.

Each ends before the next begins, so that there is never more than one; what the first draws goes straight
to the second, in a file without a name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from documents.extraction import canvas
from documents.extraction.contract import CannotRead, Code, Limits, Section, Unseen
from documents.extraction.hearing import Hearing
from documents.extraction.media import DRAWN
from documents.extraction.process import Reader
from documents.extraction.seen import Seen

#: Seconds that one portion may be drawn for, and looked at.
DRAWING, LOOKING = 60.0, 300.0


class _Died(Exception):
    """A process, of this picture; those after it are still to be looked at."""

    def __init__(self, number: int, why: Code) -> None:
        self.number, self.why = number, why


@dataclass(frozen=True, slots=True)
class Looking:
    """At the pictures of one file. What is found goes into `seen`; `tell` is called after each picture."""

    path: Path
    media_type: str
    limits: Limits
    seen: Seen
    tell: Callable[[], None]

    def look(self, numbers: Sequence[int]) -> None:
        """At these. One that a process died of is looked at once more, smaller, and is then given up."""
        begun = time.monotonic()
        try:
            self._drawn_and_read(numbers, canvas.MOST_SEEN)
        except _Died as one:
            self._once_more(one)
        finally:
            self.seen.seconds += time.monotonic() - begun

    def _once_more(self, one: _Died) -> None:
        try:
            self._drawn_and_read([one.number], canvas.SMALL)
        except _Died:
            self.seen.died(one.number, one.why)
            self.tell()

    def _drawn_and_read(self, numbers: Sequence[int], most: int) -> None:
        with TemporaryFile() as between:
            drawn = list[int]()
            try:
                self._draw(numbers, between, most, drawn)
            finally:
                between.seek(0)
                if drawn:
                    self._read(between, drawn)

    def _draw(self, numbers: Sequence[int], onto: IO[bytes], most: int, drawn: list[int]) -> None:
        """Those that were drawn, also as nothing; fewer where an image has fewer."""
        limits = Limits(text=1, seconds=DRAWING, memory=self.limits.memory, drawn=len(numbers) * canvas.EACH)
        with self.path.open("rb") as file:
            try:
                drawer = Reader(file, self.media_type, limits, numbers=numbers, onto=onto, most=most)
                for one in Hearing(drawer):
                    if isinstance(one, Unseen) and one.number in numbers:
                        self.seen.not_read(one.number, one.code)
                    elif isinstance(one, tuple) and len(drawn) < len(numbers):
                        drawn.append(numbers[len(drawn)])
                        self.seen.of = one[1]
            except CannotRead as refusal:
                raise _Died(numbers[min(len(drawn), len(numbers) - 1)], refusal.code) from refusal

    def _read(self, between: IO[bytes], drawn: list[int]) -> None:
        seen, waiting, pieces = self.seen, list(drawn), list[str]()
        left = max(1.0, self.limits.seconds - seen.seconds)
        room = max(1, self.limits.text - seen.characters)
        reader = Reader(between, DRAWN, replace(self.limits, seconds=min(left, LOOKING), text=room))
        try:
            for one in Hearing(reader):
                if isinstance(one, Section):
                    pieces.append(one.text)
                elif isinstance(one, tuple) and waiting:
                    seen.texts.setdefault(waiting.pop(0), []).extend(pieces)
                    pieces = []
                    self.tell()
        except CannotRead as refusal:
            if waiting:
                raise _Died(waiting[0], refusal.code) from refusal
        if waiting and pieces:  # all that it says is as long as any text may be
            seen.texts[waiting[0]] = pieces
            seen.over = seen.cut = True
