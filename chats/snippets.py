"""The place in a text where words are that were looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from documents.words import plain

#: Characters shown before the first word that was found, and in all.
BEFORE, LENGTH = 60, 200
_WORD = re.compile(r"[^\W_]+")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Bit:
    """Some of the text as it stands; `found` where it is one of the words."""

    text: str
    found: bool = False


def snippet(text: str, said: Sequence[str]) -> list[Bit]:
    """Around the first of the words, in one line; the beginning where none of them stands in it."""
    first = next((one.start() for one in _WORD.finditer(text) if _is_one(one[0], said)), 0)
    start = max(first - BEFORE, 0)
    if start:
        blank = text.find(" ", start, first)
        start = blank + 1 if blank >= 0 else start
    end = min(start + LENGTH, len(text))
    line = _BLANKS.sub(" ", text[start:end]).strip()
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return [*_bit(before), *_bits(line, said), *_bit(after)]


def _bits(line: str, said: Sequence[str]) -> list[Bit]:
    found, at = [], 0
    for one in _WORD.finditer(line):
        if _is_one(one[0], said):
            found += [*_bit(line[at : one.start()]), Bit(one[0], found=True)]
            at = one.end()
    return [*found, *_bit(line[at:])]


def _bit(text: str) -> list[Bit]:
    return [Bit(text)] if text else []


def _is_one(word: str, said: Sequence[str]) -> bool:
    return plain(word).startswith(tuple(said))
