"""What the reader has found, on its way out: cleaned, counted, and cut where it is too much."""

from __future__ import annotations

import os
import re
import time
import unicodedata

from documents.extraction.contract import Limits
from documents.extraction.frames import LONGEST_PLACE, LONGEST_TEXT, packed

#: A document is cut, not refused, where its time is nearly over and there is some text.
ENOUGH_TIME = 0.8
_UNSTORABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: Marks upon one letter: no script has more, and putting more of them in order takes long.
_MARK = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_MARK}{{8}}){_MARK}+")
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028]")
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


class Enough(Exception):
    """The document has more, and none of it is wanted."""


class Out:
    """Where a reader says what it finds. Raises Enough once the limits are reached."""

    def __init__(self, pipe: int, limits: Limits) -> None:
        self._pipe = pipe
        self._left = limits.text
        self._until = time.monotonic() + limits.seconds * ENOUGH_TIME
        self.limits = limits

    def section(self, place: str, text: str) -> None:
        """Some text of a place; blank text is none. Long ones are told in pieces."""
        text, place = clean(text), _place(place)
        while text := text.strip("\n "):
            piece = text[: _cut(text, min(LONGEST_TEXT, self._left))]
            text = text[len(piece) :]
            self._left -= len(piece)
            self._say("text", place, piece.rstrip())
            if self._left <= 0 and text.strip():
                raise Enough
        self.in_time()

    def done(self, number: int, of: int) -> None:
        """So many of all pages, slides or sheets are read."""
        self._say("done", min(number, of), of)

    def picture(self, number: int, place: str) -> None:
        """There is a picture here that may have text."""
        self._say("picture", number, _place(place))

    def unseen(self, number: int, code: str) -> None:
        """This picture is not to be looked at."""
        self._say("unseen", number, code)

    def in_time(self) -> None:
        if self._left <= 0 or time.monotonic() > self._until:
            raise Enough

    def cut(self) -> None:
        self._say("cut")

    def end(self) -> None:
        self._say("end")

    def cannot(self, code: str) -> None:
        self._say("cannot", code)

    def _say(self, *parts: object) -> None:
        left = packed(*parts)
        while left:
            left = left[os.write(self._pipe, left) :]


def clean(text: str) -> str:
    """As it may be stored: composed, one kind of line end, nothing unseen, no more than one blank line."""
    text = _UNSTORABLE.sub("", _BREAKS.sub("\n", text))
    if not text.isascii():
        text = unicodedata.normalize("NFC", _MARKS.sub(r"\1", text))
    return _BLANK_LINES.sub("\n\n", text)


def _place(said: str) -> str:
    return " ".join(clean(said).split())[:LONGEST_PLACE].rstrip()


def _cut(text: str, most: int) -> int:
    """Where a piece ends: at a paragraph, a line or a word if one ends in its second half."""
    if len(text) <= most:
        return len(text)
    for sign in ("\n\n", "\n", ". ", " "):
        at = text.rfind(sign, most // 2, most)
        if at > 0:
            return at + len(sign)
    return most
