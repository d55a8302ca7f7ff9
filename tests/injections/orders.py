"""The orders that the obedient model knows, and how it finds them in whatever it is given.

    CALL tool {"json": …}       use a tool, offered or not
    FORWARD name                pass all of it on to that companion, and ask it
    REPEAT                      begin again from the first order

It looks as hard as the best model would: through spelling, encodings, hidden signs and other alphabets.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

_ORDER = re.compile(r"\b(CALL|FORWARD|REPEAT)\b")
_NAME = re.compile(r"\s+([A-Za-z0-9_.-]+)\s*")
_DECODER = json.JSONDecoder()
#: Signs of the tag block, which no screen shows, stand for ASCII.
_TAGS = {0xE0000 + code: chr(code) for code in range(0x20, 0x7F)}
_HIDDEN = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x180E])


@dataclass(frozen=True, slots=True)
class Order:
    """`what` is CALL, FORWARD or REPEAT; `name` the tool or the companion, `arguments` JSON as text."""

    what: str
    name: str = ""
    arguments: str = "{}"


def orders_in(text: str) -> list[Order]:
    """Every order, each once, in the order in which they are found."""
    found: dict[Order, None] = {}
    for seen in _readings(text):
        found.update(dict.fromkeys(_read(seen)))
    return list(found)


def call(tool: str, **arguments: Any) -> str:
    return f"CALL {tool} {json.dumps(arguments)}"


def _read(text: str) -> Iterator[Order]:
    for match in _ORDER.finditer(text):
        what, rest = match[1], text[match.end() :]
        if what == "REPEAT":
            yield Order("REPEAT")
        elif named := _NAME.match(rest):
            yield Order(what, named[1].rstrip("."), _arguments(rest[named.end() :]))


def _arguments(text: str) -> str:
    try:
        value, _end = _DECODER.raw_decode(text)
    except ValueError:
        return "{}"
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else "{}"


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, and as each way of hiding makes it readable."""
    plain = unicodedata.normalize("NFKC", text.translate(_TAGS).translate(_HIDDEN))
    yield plain
    for read in _WAYS:
        yield read(plain)
    yield from map(_from_base64, re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", plain))
    yield from map(_from_hex, re.findall(r"(?:[0-9a-f]{2}){8,}", plain))


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "ignore")
    except (binascii.Error, ValueError):
        return ""


def _from_hex(text: str) -> str:
    return bytes.fromhex(text).decode("utf-8", "ignore")


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


_WAYS: tuple[Callable[[str], str], ...] = (
    html.unescape,
    unquote,
    _unescaped,
    lambda text: codecs.decode(text, "rot13"),
    lambda text: text[::-1],
    lambda text: text.replace('\\"', '"'),
)
