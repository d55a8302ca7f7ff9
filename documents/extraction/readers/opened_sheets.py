"""ODS: the rows of each sheet, as cells show them; days as 2026-11-27. Formulas are not computed."""

from __future__ import annotations

from typing import BinaryIO

from documents.extraction.out import Enough, Out
from documents.extraction.readers.markup import Attributes
from documents.extraction.readers.opened import Opened, read_content, whole
from documents.extraction.readers.package import Package
from documents.extraction.readers.rows import Rows
from documents.extraction.readers.sheets import MOST_COLUMNS, place_in

#: A row that stands so often, one below the other, is told no more often than this.
MOST_SAME = 1_000


def read(file: BinaryIO, out: Out) -> None:
    book = _Book(out)
    read_content(Package(file, out.limits), book, out.limits)
    if book.sheets > out.limits.pages:
        raise Enough


class _Book(Opened):
    def __init__(self, out: Out) -> None:
        super().__init__()
        self._out, self.sheets = out, 0
        self._rows: Rows | None = None
        self._number, self._times, self._wide = 0, 1, 1
        self._cells: list[str] = []
        self._column, self._day = 0, ""
        self._said: list[str] = []

    def element_begins(self, name: str, attributes: Attributes) -> None:
        if name == "table:table":
            self.sheets += 1
            there = self.sheets <= self._out.limits.pages
            self._rows = Rows(self._out, place_in(attributes.get("table:name", ""))) if there else None
            self._number = 0
        elif name == "table:table-row":
            self._times = max(1, whole(attributes.get("table:number-rows-repeated"), 1))
            self._cells, self._column = [], 0
        elif name in {"table:table-cell", "table:covered-table-cell"}:
            self._wide = max(1, whole(attributes.get("table:number-columns-repeated"), 1))
            self._day = attributes.get("office:date-value", "")[:16].replace("T", " ")
            self._said = []

    def paragraph(self, text: str, level: int) -> None:
        if text:
            self._said.append(text)

    def element_ends(self, name: str) -> None:
        if name == "table:table-cell":
            self._cell(self._day or "\n".join(self._said))
        elif name == "table:covered-table-cell":
            self._column += self._wide
        elif name == "table:table-row":
            self._row()
        elif name == "table:table" and self._rows is not None:
            self._rows.end()
            self._out.done(self.sheets, self.sheets)

    def _cell(self, text: str) -> None:
        """Of empty ones at the end of a row nothing is kept: there may be thousands."""
        if text:
            self._cells += [""] * (min(self._column, MOST_COLUMNS) - len(self._cells))
            self._cells += [text] * min(self._wide, MOST_COLUMNS - len(self._cells))
        self._column += self._wide

    def _row(self) -> None:
        self._out.in_time()
        if self._rows is not None and self._cells:
            for again in range(min(self._times, MOST_SAME)):
                self._rows.add(self._number + again + 1, self._cells)
        self._number += self._times
