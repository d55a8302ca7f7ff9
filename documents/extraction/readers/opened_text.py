"""ODT: paragraphs under their headings, lists, tables, notes. What is deleted or hidden is no text."""

from __future__ import annotations

from typing import BinaryIO

from documents.extraction.out import Out
from documents.extraction.readers.embedded import Embedded
from documents.extraction.readers.headings import Headings
from documents.extraction.readers.markup import Attributes
from documents.extraction.readers.opened import Opened, read_content
from documents.extraction.readers.package import Package


def read(file: BinaryIO, out: Out) -> None:
    headings = Headings(out)
    package = Package(file, out.limits)
    read_content(package, _Body(headings, out, Embedded(package)), out.limits)
    headings.end()


class _Body(Opened):
    def __init__(self, headings: Headings, out: Out, embedded: Embedded) -> None:
        super().__init__()
        self._headings, self._out, self._embedded = headings, out, embedded
        self._lists, self._close = 0, False
        self._cells: list[list[str]] = []

    def element_begins(self, name: str, attributes: Attributes) -> None:
        if name == "text:list":
            self._lists += 1
        elif name == "table:table-row":
            self._cells.append([])
        elif name == "table:table":
            self._close = False
        elif name == "table:table-cell" and self._cells:
            self._cells[-1].append("")
        else:
            self._embedded.noticed(name, attributes)

    def element_ends(self, name: str) -> None:
        if name == "text:list":
            self._lists -= 1
        elif name == "table:table-row" and self._cells:
            self._row(self._cells.pop())

    def paragraph(self, text: str, level: int) -> None:
        self._out.in_time()
        if self._cells:
            if text and self._cells[-1]:
                self._cells[-1][-1] = f"{self._cells[-1][-1]} {text}".strip()
        elif level:
            self._headings.heading(text, level)
            self._close = False
        elif text:
            said = f"- {text}" if self._lists else text
            self._headings.paragraph(said, close=self._lists > 0 and self._close)
            self._close = self._lists > 0
        self._show()

    def _show(self) -> None:
        """Images come after the paragraph that they stand in, or the row."""
        if not self._open and not self._cells:
            for number in self._embedded.taken():
                self._headings.picture(number)

    def _row(self, cells: list[str]) -> None:
        line = " | ".join(" ".join(one.split()) for one in cells).strip(" |")
        if self._cells and self._cells[-1]:  # a table in a cell of another
            self._cells[-1][-1] = f"{self._cells[-1][-1]} {line}".strip()
        elif line:
            self._headings.paragraph(line, close=self._close)
            self._close = True
        self._show()
