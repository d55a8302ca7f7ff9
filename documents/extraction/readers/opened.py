"""What OpenDocument's readers share: the one part that is read, and the paragraphs in it."""

from __future__ import annotations

from documents.extraction.contract import CannotRead, Limits
from documents.extraction.readers.markup import Attributes, Handler, parse
from documents.extraction.readers.package import Package

#: What is there beside the text: former text, remarks of others, what an image is called.
_UNREAD = frozenset({
    "text:tracked-changes", "office:annotation", "office:annotation-end", "svg:title", "svg:desc",
    "text:note-citation", "text:ruby-text", "office:forms", "text:alphabetical-index-source",
})  # fmt: skip
_MOST_BLANKS, MOST_STYLES = 100, 10_000
PARAGRAPHS = frozenset({"text:p", "text:h"})


def read_content(package: Package, handler: Handler, limits: Limits) -> None:
    """CannotRead where the document asks for a password."""
    listed = "META-INF/manifest.xml"
    if listed in package:
        parse(package.pieces(listed), _Locks(), depth=limits.depth)
    parse(package.pieces("content.xml"), handler, depth=limits.depth)


class _Locks(Handler):
    def begin(self, name: str, attributes: Attributes) -> None:
        if name.endswith(":encryption-data"):
            raise CannotRead("locked")


class Opened(Handler):
    """Paragraphs of a part, each told when it ends with its level as a heading, 0 for none.

    One stands in another where a box of text does; a note is told after the paragraph that it belongs to.
    """

    def __init__(self) -> None:
        self._open: list[tuple[int, list[str]]] = []
        self._notes: list[str] = []
        self._unread, self._noting = 0, 0
        self._hidden: set[str] = set()
        self._style = ""

    def begin(self, name: str, attributes: Attributes) -> None:
        if self._unread or name in _UNREAD or attributes.get("text:style-name") in self._hidden:
            self._unread += 1
        elif name in PARAGRAPHS:
            level = whole(attributes.get("text:outline-level"), 1) if name == "text:h" else 0
            self._open.append((level, []))
        elif self._open and name in _SIGNS:
            self._open[-1][1].append(_SIGNS[name] * _times(attributes))
        elif name == "text:note-body":
            self._noting += 1
        elif name == "style:style":
            self._style = attributes.get("style:name", "")
        elif name == "style:text-properties" and attributes.get("text:display") == "none":
            if len(self._hidden) < MOST_STYLES:
                self._hidden.add(self._style)
        else:
            self.element_begins(name, attributes)

    def end(self, name: str) -> None:
        if self._unread:
            self._unread -= 1
        elif name == "text:note-body":
            self._noting -= 1
        elif name in PARAGRAPHS and self._open:
            self._ended(*self._open.pop())
        else:
            self.element_ends(name)

    def text(self, text: str) -> None:
        """Breaks of the mark-up's own lines are blanks."""
        if self._open and not self._unread:
            self._open[-1][1].append(text.replace("\n", " "))

    def _ended(self, level: int, parts: list[str]) -> None:
        text = "".join(parts).strip()
        if self._noting:
            self._notes.append(text)
            return
        notes, self._notes = self._notes, []
        self.paragraph(text, level if not self._open else 0)
        for one in notes:
            self.paragraph(one, 0)

    def paragraph(self, text: str, level: int) -> None:
        """A paragraph has ended, and says this; often nothing."""

    def element_begins(self, name: str, attributes: Attributes) -> None:
        """Any other element that is read."""

    def element_ends(self, name: str) -> None:
        """It ends."""


_SIGNS = {"text:tab": "\t", "text:line-break": "\n", "text:s": " "}


def _times(attributes: Attributes) -> int:
    return max(1, min(whole(attributes.get("text:c"), 1), _MOST_BLANKS))


def whole(said: str | None, otherwise: int) -> int:
    """A number as it is written; `otherwise` where it is none, or longer than any that is meant."""
    return int(said) if said and len(said) < 10 and said.isascii() and said.isdigit() else otherwise
