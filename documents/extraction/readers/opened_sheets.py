"""ODS: the rows of each sheet, as cells show them; days as 2026-11-27. Formulas are not computed."""

from __future__ import annotations

from typing import BinaryIO

from documents.extraction.out import Enough, Out
from documents.extraction.readers.embedded import Embedded
from documents.extraction.readers.markup import Attributes
from documents.extraction.readers.opened import Opened, read_content, whole
from documents.extraction.readers.package import Package
from documents.extraction.readers.rows import Rows
from documents.extraction.readers.sheets import MOST_COLUMNS, place_in

#: A row that stands so often, one below the other, is told no more often than this.
MOST_SAME = 1_000


def read(file: BinaryIO, out: Out) -> None:
    package = Package(file, out.limits)
    book = _Book(out, Embedded(package))
    read_content(package, book, out.limits)
    if book.sheets > out.limits.pages:
        raise Enough


class _Book(Opened):
    def __init__(self, out: Out, embedded: Embedded) -> None:
        super().__init__()
        self._out, self._embedded, self.sheets = out, embedded, 0
        self._rows: Rows | None = None
        self._place = place_in("")
        self._images: list[tuple[int, int]] = []
        self._number, self._times, self._wide = 0, 1, 1
        self._cells: list[str] = []
        self._column, self._day = 0, ""
        self._said: list[str] = []

    def element_begins(self, name: str, attributes: Attributes) -> None:
        if name == "table:table":
            self.sheets += 1
            there = self.sheets <= self._out.limits.pages
            self._place = place_in(attributes.get("table:name", ""))
            self._rows = Rows(self._out, self._place) if there else None
            self._number, self._images = 0, []
        elif name == "table:table-row":
            self._times = max(1, whole(attributes.get("table:number-rows-repeated"), 1))
            self._cells, self._column = [], 0
        elif name in {"table:table-cell", "table:covered-table-cell"}:
            self._wide = max(1, whole(attributes.get("table:number-columns-repeated"), 1))
            self._day = attributes.get("office:date-value", "")[:16].replace("T", " ")
            self._said = []
        else:
            self._embedded.noticed(name, attributes)
            self._images += [(one, self._number + 1) for one in self._embedded.taken()]

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
            for picture, row in self._images:
                self._out.picture(picture, self._place(row))
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
