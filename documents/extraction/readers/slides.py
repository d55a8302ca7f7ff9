"""PPTX: what stands on each slide, in the order they are shown in, with what was noted for the speaker."""

from __future__ import annotations

from typing import BinaryIO

from documents.extraction.out import Enough, Out
from documents.extraction.readers.charts import charts_of
from documents.extraction.readers.embedded import Embedded
from documents.extraction.readers.markup import Attributes, Handler, parse
from documents.extraction.readers.package import Package
from documents.extraction.readers.relations import Relation, first_of, main_part, relations_of

#: Parts of a slide that only say what its page or its date is.
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})


def read(file: BinaryIO, out: Out) -> None:
    package, depth = Package(file, out.limits), out.limits.depth
    main = main_part(package, "ppt/presentation.xml", depth=depth)
    related = relations_of(package, main, depth=depth)
    order = _Order()
    parse(package.pieces(main), order, depth=depth)
    embedded = Embedded(package)
    slides = [related[one].part for one in order.found if one in related and related[one].part in package]
    for number, part in enumerate(slides[: out.limits.pages], 1):
        beside = relations_of(package, part, depth=depth)
        notes = first_of(beside, "notesSlide")
        said = [_said(package, part, depth, embedded, beside)]
        said += [_said(package, notes, depth)] if notes in package else []
        said[1:1] = charts_of(package, beside, depth=depth)
        out.section(f"slide:{number}", "\n\n".join(one for one in said if one))
        for picture in embedded.taken():
            out.picture(picture, f"slide:{number}")
        out.done(number, len(slides))
    if len(slides) > out.limits.pages:
        raise Enough


def _said(
    package: Package,
    part: str,
    depth: int,
    embedded: Embedded | None = None,
    related: dict[str, Relation] | None = None,
) -> str:
    slide = _Slide(embedded, related or {})
    parse(package.pieces(part), slide, depth=depth)
    return "\n".join(slide.lines)


class _Order(Handler):
    def __init__(self) -> None:
        self.found: list[str] = []

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "p:sldId":
            self.found.append(attributes.get("r:id", ""))


class _Slide(Handler):
    """Its paragraphs, line by line; a row of a table is one line."""

    def __init__(self, embedded: Embedded | None, related: dict[str, Relation]) -> None:
        self.lines: list[str] = []
        self._embedded, self._related = embedded, related
        self._said: list[str] = []
        self._cells: list[str] | None = None
        self._reads, self._furniture, self._second = False, False, 0

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "mc:Fallback" or self._second:
            self._second += 1
        elif name == "p:sp":
            self._furniture = False
        elif name == "p:ph":
            self._furniture = attributes.get("type", "") in _FURNITURE
        elif name == "a:tr":
            self._cells = []
        elif name in {"a:t", "m:t"}:
            self._reads = not self._furniture
        elif name == "a:br":
            self._said.append("\n")
        elif self._embedded is not None:
            self._embedded.noticed(name, attributes, self._related)

    def end(self, name: str) -> None:
        if self._second:
            self._second -= 1
        elif name in {"a:t", "m:t"}:
            self._reads = False
        elif name == "a:p":
            self._line("\n" if self._cells is None else " ")
        elif name == "a:tr" and self._cells is not None:
            self._said, self._cells = [" | ".join(self._cells)], None
            self._line("\n")

    def text(self, text: str) -> None:
        if self._reads and not self._second:
            self._said.append(text)

    def _line(self, between: str) -> None:
        said, self._said = "".join(self._said).strip(), []
        if not said:
            return
        if self._cells is None:
            self.lines.append(said)
        else:
            self._cells.append(said.replace("\n", between))
