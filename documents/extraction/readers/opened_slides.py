"""ODP: what stands on each slide, in their order, with what was noted for the speaker."""

from __future__ import annotations

from typing import BinaryIO

from documents.extraction.out import Enough, Out
from documents.extraction.readers.embedded import Embedded
from documents.extraction.readers.markup import Attributes
from documents.extraction.readers.opened import Opened, read_content
from documents.extraction.readers.package import Package

#: Parts of a slide that only say what its page or its date is.
_FURNITURE = frozenset({"page-number", "date-time", "footer", "header"})


def read(file: BinaryIO, out: Out) -> None:
    package = Package(file, out.limits)
    show = _Show(out, Embedded(package))
    read_content(package, show, out.limits)
    if show.slides > out.limits.pages:
        raise Enough


class _Show(Opened):
    def __init__(self, out: Out, embedded: Embedded) -> None:
        super().__init__()
        self._out, self._embedded, self.slides = out, embedded, 0
        self._lines: list[str] = []
        self._cells: list[str] | None = None
        self._furniture = False

    def element_begins(self, name: str, attributes: Attributes) -> None:
        if name == "draw:page":
            self.slides += 1
            self._lines = []
        elif name == "presentation:notes":
            self._lines.append("")
        elif name == "draw:frame":
            self._furniture = attributes.get("presentation:class", "") in _FURNITURE
        elif name == "table:table-row":
            self._cells = []
        elif name == "table:table-cell" and self._cells is not None:
            self._cells.append("")
        else:
            self._embedded.noticed(name, attributes)

    def paragraph(self, text: str, level: int) -> None:
        if not text or self._furniture:
            return
        if self._cells:
            self._cells[-1] = " ".join([*self._cells[-1].split(), *text.split()])
        else:
            self._lines.append(text)

    def element_ends(self, name: str) -> None:
        if name == "table:table-row" and self._cells is not None:
            self._lines.append(" | ".join(self._cells).strip(" |"))
            self._cells = None
        elif name == "draw:frame":
            self._furniture = False
        elif name == "draw:page":
            self._slide()

    def _slide(self) -> None:
        if self.slides <= self._out.limits.pages:
            self._out.section(f"slide:{self.slides}", "\n".join(self._lines))
            for number in self._embedded.taken():
                self._out.picture(number, f"slide:{self.slides}")
            self._out.done(self.slides, self.slides)
        self._lines = []
