"""XLSX: the rows of each sheet, as cells show them. Formulas are not computed: their last value is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

from documents.extraction.out import Enough, Out
from documents.extraction.readers.charts import charts_of
from documents.extraction.readers.embedded import Embedded
from documents.extraction.readers.formats import Formats, shown
from documents.extraction.readers.markup import Attributes, Handler, parse
from documents.extraction.readers.package import Package
from documents.extraction.readers.relations import Relation, first_of, main_part, relations_of
from documents.extraction.readers.rows import Rows

#: Texts that sheets share, of which so many characters are kept; columns of a row that are read.
MOST_SHARED, MOST_CHARACTERS, MOST_COLUMNS = 400_000, 8_000_000, 500


def read(file: BinaryIO, out: Out) -> None:
    package, depth = Package(file, out.limits), out.limits.depth
    main = main_part(package, "xl/workbook.xml", depth=depth)
    related = relations_of(package, main, depth=depth)
    book, shared, formats = _Book(), _Shared(), Formats()
    parse(package.pieces(main), book, depth=depth)
    for kind, handler in (("sharedStrings", shared), ("styles", formats)):
        if (part := first_of(related, kind)) in package:
            parse(package.pieces(part), handler, depth=depth)
    sheets = [(name, related[key].part) for name, key in book.sheets if key in related]
    embedded = Embedded(package)
    for number, (name, part) in enumerate(sheets[: out.limits.pages], 1):
        if part in package:
            rows = Rows(out, place_in(name))
            parse(package.pieces(part), _Sheet(rows, shared.texts, formats, book.from_1904), depth=depth)
            rows.end()
            _lying_on(package, part, place_in(name), embedded, out)
        out.done(number, len(sheets))
    if len(sheets) > out.limits.pages or shared.cut:
        raise Enough


def _lying_on(
    package: Package, sheet: str, place: Callable[[int], str], embedded: Embedded, out: Out
) -> None:
    """Charts and images stand in the drawing that lies on a sheet."""
    depth = out.limits.depth
    drawing = first_of(relations_of(package, sheet, depth=depth), "drawing")
    if drawing not in package:
        return
    related = relations_of(package, drawing, depth=depth)
    out.section(place(1), "\n\n".join(charts_of(package, related, depth=depth)))
    images = _Images(embedded, related)
    parse(package.pieces(drawing), images, depth=depth)
    for picture, row in images.found:
        out.picture(picture, place(row))


def place_in(name: str) -> Callable[[int], str]:
    """Says where a section is that begins with this row of the sheet."""
    return lambda row: f"sheet:{name[:100]}!A{row}"


class _Images(Handler):
    """The images of a drawing, each with the row that it begins in."""

    def __init__(self, embedded: Embedded, related: Mapping[str, Relation]) -> None:
        self.found: list[tuple[int, int]] = []
        self._embedded, self._related = embedded, related
        self._row, self._from, self._said = 1, False, ""

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "xdr:from":
            self._from = True
        elif name == "xdr:row":
            self._said = ""
        else:
            self._embedded.noticed(name, attributes, self._related)
            self.found += [(one, self._row) for one in self._embedded.taken()]

    def end(self, name: str) -> None:
        if name == "xdr:row" and self._from:
            self._row = _number(self._said.strip(), 0) + 1
        elif name == "xdr:from":
            self._from = False

    def text(self, text: str) -> None:
        if self._from and len(self._said) < 10:
            self._said += text


class _Book(Handler):
    """The names of the sheets, in order; and whether days are counted from 1904, as on old Macs."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.from_1904 = False

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "s:sheet":
            self.sheets.append((attributes.get("name", ""), attributes.get("r:id", "")))
        elif name == "s:workbookPr":
            self.from_1904 = attributes.get("date1904", "0") in {"1", "true"}


class _Shared(Handler):
    """Texts that cells refer to by number. How they are spoken in Japan (`rPh`) is no text of theirs."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.cut = False
        self._said: list[str] = []
        self._reads, self._spoken, self._size = False, False, 0

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "s:rPh":
            self._spoken = True
        elif name == "s:t":
            self._reads = not self._spoken

    def end(self, name: str) -> None:
        if name == "s:t":
            self._reads = False
        elif name == "s:rPh":
            self._spoken = False
        elif name == "s:si":
            self._kept("".join(self._said))
            self._said = []

    def text(self, text: str) -> None:
        if self._reads and self._size < MOST_CHARACTERS:
            self._said.append(text)

    def _kept(self, text: str) -> None:
        self._size += len(text)
        if len(self.texts) >= MOST_SHARED or self._size > MOST_CHARACTERS:
            self.cut = True
        else:
            self.texts.append(text)


class _Sheet(Handler):
    """Row by row. Cells say which column they are of, and which kind of value they have."""

    def __init__(self, rows: Rows, shared: list[str], formats: Formats, from_1904: bool) -> None:
        self._rows, self._shared, self._formats, self._from_1904 = rows, shared, formats, from_1904
        self._cells: list[str] = []
        self._row, self._column = 0, 0
        self._kind, self._style = "n", 0
        self._said: list[str] = []
        self._reads = False

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "s:row":
            self._row = _number(attributes.get("r"), self._row + 1)
            self._cells, self._column = [], 0
        elif name == "s:c":
            self._column = _column(attributes.get("r", "")) or self._column + 1
            self._kind, self._style = attributes.get("t", "n"), _number(attributes.get("s"), 0)
            self._said = []
        elif name in {"s:v", "s:t"}:
            self._reads = True

    def end(self, name: str) -> None:
        if name in {"s:v", "s:t"}:
            self._reads = False
        elif name == "s:c":
            self._cell(self._value("".join(self._said)))
        elif name == "s:row":
            self._rows.add(self._row, self._cells)

    def text(self, text: str) -> None:
        if self._reads:
            self._said.append(text)

    def _cell(self, text: str) -> None:
        if text and self._column <= MOST_COLUMNS:
            self._cells += [""] * (self._column - 1 - len(self._cells))
            self._cells.append(text)

    def _value(self, said: str) -> str:
        if self._kind == "s":
            at = _number(said, -1)
            return self._shared[at] if 0 <= at < len(self._shared) else ""
        if self._kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(said, said)
        if self._kind == "n":
            return shown(said, self._formats.code_of(self._style), from_1904=self._from_1904)
        return said


def _number(said: str | None, otherwise: int) -> int:
    return int(said) if said and len(said) < 10 and said.isascii() and said.isdigit() else otherwise


def _column(reference: str) -> int:
    """Of `AB12`: 28; 0 where it says none."""
    column = 0
    for sign in reference[:3]:
        if not "A" <= sign <= "Z":
            break
        column = column * 26 + ord(sign) - 64
    return column
