"""HTML: the text that a person sees, under its headings. Nothing of it is run, followed or loaded."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import BinaryIO

from documents.extraction import encodings
from documents.extraction.out import Enough, Out
from documents.extraction.readers.headings import Headings

#: What is no text for a person, with everything in it.
_UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "select", "head"}
)
#: Elements that have no end.
_VOID = frozenset(
    {"br", "hr", "img", "input", "link", "meta", "wbr", "area", "base", "col", "embed", "source", "track"}
)
#: Elements that begin no new line.
_WITHIN = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "button", "cite", "code", "data", "del", "dfn",
    "em", "font", "i", "img", "input", "ins", "kbd", "label", "mark", "meter", "nobr", "output", "q", "rp",
    "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tbody", "tfoot", "thead",
    "time", "tt", "u", "var", "wbr",
})  # fmt: skip
#: What stands close to the one before: lines of a list or of a table.
_LINES = frozenset({"li", "tr", "dd", "dt"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: Whose end may be left out, and what ends the last of them.
_ENDLESS = frozenset({"li", "dt", "dd", "tr", "td", "th"})
_ENDS = {"ul": "li", "ol": "li", "dl": "dd", "tr": "td", "table": "tr"}
_CELLS = frozenset({"td", "th"})
_SPACE = re.compile(r"\s+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
#: Characters of a page's own mark-up that may stand unread, waiting for the end of a tag.
MOST_WAITING = 12_000_000


def read(file: BinaryIO, out: Out) -> None:
    page = _Page(Headings(out))
    gathered: list[str] = []
    size = 0
    for text in encodings.texts(file, says=True):
        gathered.append(text)
        size += len(text)
        if size >= len(page.rawdata):  # what waits is looked at again, so it is not until it has doubled
            page.feed("".join(gathered))
            gathered, size = [], 0
        if len(page.rawdata) > MOST_WAITING:
            page.finish()
            raise Enough
        out.in_time()
    page.feed("".join(gathered))
    page.close()
    page.finish()


class _Page(HTMLParser):
    def __init__(self, headings: Headings) -> None:
        super().__init__(convert_charrefs=True)
        self._headings = headings
        self._line: list[str] = []
        self._block, self._close = "", False
        self._skipped, self._depth = "", 0
        self._as_written = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped and self._implied(tag):
            self._skipped = ""
        if self._skipped:
            self._depth += tag == self._skipped
        elif tag not in _VOID and (tag in _UNSEEN or _is_hidden(attrs)):
            self._skipped, self._depth = tag, 1
        elif tag in _CELLS:
            self._line.append(" | " if self._line else "")
        elif tag == "br":
            self._line.append("\n")
        elif tag not in _WITHIN:
            self._break(tag)
            self._close = self._close and tag in _LINES
            self._as_written += tag == "pre"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<script/>` hides what follows, as it does in a page; `<div/>` is a `<div>`."""
        self.handle_starttag(tag, attrs)

    def _implied(self, tag: str) -> bool:
        """What is hidden ends here, where it may have no end of its own: with the next of its kind."""
        if self._skipped in _ENDLESS:
            return tag == self._skipped
        return self._skipped == "p" and tag not in _WITHIN

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and self._skipped != tag and self._implied(_ENDS.get(tag, tag)):
            self._skipped = ""
        if self._skipped:
            self._depth -= tag == self._skipped
            self._skipped = self._skipped if self._depth else ""
        elif tag not in _WITHIN and tag not in _CELLS and tag not in _VOID:
            self._break("")
            self._close = self._close and tag in _LINES
            self._as_written -= tag == "pre" and self._as_written > 0

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._line.append(data if self._as_written else _SPACE.sub(" ", data))

    def _break(self, tag: str) -> None:
        """A block begins or ends: what was gathered is a heading, a line of a list, or a paragraph."""
        said, text = "".join(self._line), ""
        if said.strip(" -|\n"):
            text = said if self._as_written else "\n".join(" ".join(one.split()) for one in said.split("\n"))
        self._line = ["- "] if tag == "li" or (said == "- " and tag) else []
        if text and self._block in _HEADINGS:
            self._headings.heading(text, int(self._block[1]))
        elif text:
            self._headings.paragraph(text.rstrip(), close=self._close)
            self._close = self._block in _LINES
        self._block = tag

    def finish(self) -> None:
        self._break("")
        self._headings.end()


def _is_hidden(attrs: list[tuple[str, str | None]]) -> bool:
    return any(
        name == "hidden" or (name == "style" and value and _HIDDEN.search(value)) for name, value in attrs
    )
