"""Rows of a table as text: each section begins with the head of the table, so that it is understood alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from documents.extraction.out import Out

#: Characters of a section, so that a passage has whole rows under their head; of a head; of a cell.
FULL, LONGEST_HEAD, LONGEST_CELL = 1_000, 300, 2_000
BETWEEN = " | "


class Rows:
    """Rows in, sections out. `place` says where a section is whose first row has this number."""

    def __init__(self, out: Out, place: Callable[[int], str]) -> None:
        self._out, self._place = out, place
        self._head = ""
        self._lines: list[str] = []
        self._first, self._size = 0, 0

    def add(self, number: int, cells: Sequence[str]) -> None:
        line = BETWEEN.join(" ".join(cell[:LONGEST_CELL].split()) for cell in cells).rstrip(" |")
        if not line.strip(" |"):
            return
        if self._size + len(line) > FULL:
            self.end()
        if not self._lines:
            self._first = number
            self._lines = [self._head] if self._head else []
        self._head = self._head or line[:LONGEST_HEAD]
        self._lines.append(line)
        self._size += len(line) + 1

    def end(self) -> None:
        if self._lines:
            self._out.section(self._place(self._first), "\n".join(self._lines))
        self._lines, self._size = [], 0
