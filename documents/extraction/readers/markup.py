"""XML, event by event: nothing of it is kept, nothing it names is fetched, nothing it declares is believed.

A document that declares anything (entities, a type of its own) is refused: no office program writes that.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.parsers.expat import ExpatError, ParserCreate, errors

from documents.extraction.contract import CannotRead

#: Short names of the vocabularies that are known, by what their addresses have in them.
_KNOWN = {
    "wordprocessingml": "w", "presentationml": "p", "spreadsheetml": "s", "drawingml/2006/main": "a",
    "drawingml/main": "a", "officeDocument/2006/relationships": "r", "officeDocument/relationships": "r",
    "package/2006/relationships": "rel", "markup-compatibility": "mc", "officeDocument/2006/math": "m",
    "officeDocument/math": "m", "content-types": "ct", "drawingml/2006/chart": "c",
    "drawingml/2006/spreadsheetDrawing": "xdr", "drawingml/spreadsheetDrawing": "xdr",
    "xmlns:office:": "office", "xmlns:text:": "text", "xmlns:table:": "table", "xmlns:drawing:": "draw",
    "xmlns:presentation:": "presentation", "xmlns:style:": "style", "xmlns:svg-compatible:": "svg",
    "xmlns:manifest:": "manifest", "1999/xlink": "xlink", "microsoft-com:vml": "v",
}  # fmt: skip
_BETWEEN = " "
_NO_MEMORY = errors.codes[errors.XML_ERROR_NO_MEMORY]
Attributes = dict[str, str]


class Handler:
    """What reads a part: told where elements begin and end, and the text between. Names are `w:p`."""

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """It ends."""

    def text(self, text: str) -> None:
        """Some text; one run of text may come in pieces."""


def parse(pieces: Iterable[bytes], handler: Handler, *, depth: int) -> None:
    """Tell the handler all of a part. CannotRead for what is damaged, unsafe or too deep."""
    walk = _Walk(handler, depth)
    try:
        for piece in pieces:
            walk.parser.Parse(piece, False)
        walk.parser.Parse(b"", True)
    except ExpatError as error:
        raise CannotRead("too_complex" if error.code == _NO_MEMORY else "damaged") from error
    finally:
        walk.let_go()


class _Walk:
    def __init__(self, handler: Handler, depth: int) -> None:
        self.parser = ParserCreate(namespace_separator=_BETWEEN)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = handler.text
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse
        self._handler, self._left = handler, depth
        self._names: dict[str, str] = {}

    def let_go(self) -> None:
        """The parser and we hold each other: its memory would stay until somebody looked for such circles."""
        self.parser.StartElementHandler = self.parser.EndElementHandler = None
        self.parser.CharacterDataHandler = None

    def _begin(self, name: str, attributes: Attributes) -> None:
        self._left -= 1
        if self._left < 0:
            raise CannotRead("too_complex")
        named = {self._short(key): value for key, value in attributes.items()} if attributes else {}
        self._handler.begin(self._short(name), named)

    def _end(self, name: str) -> None:
        self._left += 1
        self._handler.end(self._short(name))

    def _short(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            found = _shortened(name)
            if len(self._names) < 1_000:
                self._names[name] = found
        return found


def _shortened(name: str) -> str:
    address, between, last = name.rpartition(_BETWEEN)
    if not between:
        return last
    known = next((short for sign, short in _KNOWN.items() if sign in address), "?")
    return f"{known}:{last}"


def _refuse(*_declared: object) -> None:
    raise CannotRead("unsafe")
