"""What the reader says, message by message, over a pipe. Pure.

Four bytes of length, then JSON: `["text", place, text]`, `["done", n, of]`, `["picture", n, place]`,
`["unseen", n, code]`, `["cut"]`, `["end"]`, or `["cannot", code]`. Whoever listens trusts none of it: a
reader may have been taken over by what it read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from documents.extraction.contract import CODES, CannotRead, Picture, Section, Unseen

#: Characters of a section's text and place; bytes of one message.
LONGEST_TEXT, LONGEST_PLACE = 20_000, 200
LONGEST_MESSAGE = (LONGEST_TEXT + LONGEST_PLACE) * 12 + 100
_HEAD = struct.Struct(">I")

Message = Section | Picture | Unseen | tuple[int, int] | str


def packed(*parts: Any) -> bytes:
    body = json.dumps(parts).encode()
    return _HEAD.pack(len(body)) + body


def unpacked(waiting: bytearray) -> Iterator[Message]:
    """The whole messages that have come, taken off what waits. CannotRead for what is none."""
    while len(waiting) >= _HEAD.size:
        (length,) = _HEAD.unpack_from(waiting)
        if length > LONGEST_MESSAGE:
            raise CannotRead("too_complex")
        if len(waiting) < _HEAD.size + length:
            return
        body = bytes(waiting[_HEAD.size : _HEAD.size + length])
        del waiting[: _HEAD.size + length]
        yield _message(body)


def _message(body: bytes) -> Message:
    """A section, how far the reader has come, a picture, or a word."""
    try:
        match json.loads(body):
            case ["text", str(place), str(text)] if _fits(place, text):
                return Section(place, text)
            case ["done", int(done), int(of)] if 0 <= done <= of < 2**31:
                return done, of
            case ["picture", int(number), str(place)] if 0 < number < 2**31 and _fits(place, ""):
                return Picture(number, place)
            case ["unseen", int(number), str(code)] if 0 < number < 2**31 and code in CODES:
                return Unseen(number, code)  # type: ignore[arg-type]
            case ["cut" | "end" as word]:
                return str(word)
            case ["cannot", str(code)] if code in CODES:
                raise CannotRead(code)  # type: ignore[arg-type]
    except (ValueError, RecursionError):
        pass
    raise CannotRead("too_complex")


def _fits(place: str, text: str) -> bool:
    """It may be stored, and is not longer than was agreed."""
    if len(place) > LONGEST_PLACE or len(text) > LONGEST_TEXT or "\x00" in place + text:
        return False
    return not any("\ud800" <= one <= "\udfff" for one in {*place, *text})
