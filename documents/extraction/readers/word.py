"""DOCX: paragraphs under their headings, lists, tables, notes. What is deleted or hidden is no text."""

from __future__ import annotations

import re
from typing import BinaryIO

from documents.extraction.out import Out
from documents.extraction.readers.charts import charts_of
from documents.extraction.readers.embedded import Embedded
from documents.extraction.readers.headings import Headings
from documents.extraction.readers.markup import Attributes, Handler, parse
from documents.extraction.readers.package import Package
from documents.extraction.readers.relations import Relation, first_of, main_part, relations_of

_HEADING = re.compile(r"heading (\d)|(title)", re.IGNORECASE)
_SIGNS = {"w:tab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
#: What a document has beside what is read: former text, and the second form of what is there already.
_UNREAD = frozenset({"w:del", "w:moveFrom", "mc:Fallback", "w:instrText", "w:delText"})
_OFF = frozenset({"0", "false", "off", "none"})
#: Styles that a document has at most; the rest are paragraphs.
MOST_STYLES = 10_000


def read(file: BinaryIO, out: Out) -> None:
    package, depth = Package(file, out.limits), out.limits.depth
    main = main_part(package, "word/document.xml", depth=depth)
    related = relations_of(package, main, depth=depth)
    styles = _Styles()
    if (part := first_of(related, "styles")) in package:
        parse(package.pieces(part), styles, depth=depth)
    headings = Headings(out)
    embedded = Embedded(package)
    parse(package.pieces(main), _Body(headings, styles, out, embedded, related), depth=depth)
    for said in charts_of(package, related, depth=depth):
        headings.paragraph(said)
    for kind in ("footnotes", "endnotes"):
        if (part := first_of(related, kind)) in package:
            beside = relations_of(package, part, depth=depth)
            parse(package.pieces(part), _Body(headings, styles, out, embedded, beside), depth=depth)
    headings.end()


class _Styles(Handler):
    """Which styles are headings, of which level: by their name, which is English in every language."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.listed: set[str] = set()
        self._style = ""

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "w:style":
            self._style = attributes.get("w:styleId", "")
        elif name == "w:name" and len(self.levels) < MOST_STYLES:
            if found := _HEADING.fullmatch(attributes.get("w:val", "")):
                self.levels[self._style] = int(found[1] or 1)
        elif name == "w:outlineLvl" and self._style and len(self.levels) < MOST_STYLES:
            self.levels.setdefault(self._style, _level(attributes))
        elif name == "w:numPr" and len(self.listed) < MOST_STYLES:
            self.listed.add(self._style)


class _Paragraph:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.level, self.listed, self.hidden = 0, False, False


class _Body(Handler):
    """The paragraphs of a part. A box of text stands inside of a paragraph and is read after it."""

    def __init__(
        self,
        headings: Headings,
        styles: _Styles,
        out: Out,
        embedded: Embedded,
        related: dict[str, Relation],
    ) -> None:
        self._headings, self._styles, self._out = headings, styles, out
        self._embedded, self._related = embedded, related
        self._open: list[_Paragraph] = []
        self._unread, self._reads = 0, False
        self._cells: list[list[str]] = []
        self._close = False

    def begin(self, name: str, attributes: Attributes) -> None:
        if name in _UNREAD or self._unread:
            self._unread += 1
        elif name == "w:p":
            self._open.append(_Paragraph())
        elif name == "w:tr":
            self._cells.append([])
        elif name == "w:tbl":
            self._close = False
        elif name == "w:tc" and self._cells:
            self._cells[-1].append("")
        elif self._open:
            self._within(name, attributes, self._open[-1])

    def _within(self, name: str, attributes: Attributes, paragraph: _Paragraph) -> None:
        if name in {"w:t", "m:t"}:
            self._reads = not paragraph.hidden
        elif name == "w:r":
            paragraph.hidden = False
        elif name == "w:vanish":
            paragraph.hidden = attributes.get("w:val", "1") not in _OFF
        elif name == "w:pStyle":
            style = attributes.get("w:val", "")
            paragraph.level = self._styles.levels.get(style, 0)
            paragraph.listed = style in self._styles.listed and not paragraph.level
        elif name == "w:outlineLvl":
            paragraph.level = _level(attributes)
        elif name == "w:numPr":
            paragraph.listed = True
        elif name in _SIGNS and not paragraph.hidden:
            paragraph.said.append(_SIGNS[name])
        elif not paragraph.hidden:
            self._embedded.noticed(name, attributes, self._related)

    def end(self, name: str) -> None:
        if self._unread:
            self._unread -= 1
        elif name in {"w:t", "m:t"}:
            self._reads = False
        elif name == "w:p" and self._open:
            self._told(self._open.pop())
        elif name == "w:tr" and self._cells:
            self._row(self._cells.pop())

    def text(self, text: str) -> None:
        if self._reads and self._open and not self._unread:
            self._open[-1].said.append(text)

    def _told(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.said).strip()
        if self._cells:
            if text and self._cells[-1]:
                self._cells[-1][-1] += f" {text}" if self._cells[-1][-1] else text
            return
        self._out.in_time()
        if paragraph.level and not self._open:
            self._headings.heading(text, paragraph.level)
        elif text:
            said = f"- {text}" if paragraph.listed else text
            self._headings.paragraph(said, close=paragraph.listed and self._close)
        self._close = paragraph.listed
        self._show()

    def _show(self) -> None:
        """Images come after the paragraph that they stand in, or the row."""
        if not self._open and not self._cells:
            for number in self._embedded.taken():
                self._headings.picture(number)

    def _row(self, cells: list[str]) -> None:
        line = " | ".join(" ".join(one.split()) for one in cells).strip(" |")
        if self._cells and self._cells[-1]:  # a table in a cell of another
            self._cells[-1][-1] += f" {line}"
        elif line:
            self._headings.paragraph(line, close=self._close)
            self._close = True
        self._show()


def _level(attributes: Attributes) -> int:
    """Of an outline: levels are counted from 0, and 9 is text."""
    value = attributes.get("w:val", "9")
    return int(value) + 1 if value in set("012345678") else 0
