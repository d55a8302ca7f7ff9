"""Words as every store spells them, so that a search finds the same everywhere.

Letters and digits only, without accents and case. What is between them separates; scripts that
put nothing between words are found by the beginning of a run of letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

#: Characters of a word that count.
LONGEST_WORD = 64
#: Bytes of the distinct words of one document that are searched: PostgreSQL's tsvector ends at 1 MB.
MOST_BYTES = 400_000
#: Words of one question that count.
MOST_ASKED = 12

_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Without accents and case."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def words_of(text: str) -> list[str]:
    """The distinct words, in the order of their first appearance."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(plain(text))))


def searched(*texts: str) -> str:
    """The distinct words of the texts, with a blank before, between and after them."""
    room, kept = MOST_BYTES, []
    for word in words_of("\n".join(texts)):
        room -= len(word.encode()) + 1
        if room < 0:
            break
        kept.append(word)
    return f" {' '.join(kept)} "


def asked(question: str) -> list[str]:
    """The words that are looked for."""
    return words_of(question)[:MOST_ASKED]


def named(name: str, said: Iterable[str]) -> bool:
    """Whether each of the words that are looked for begins one of the name."""
    told = f" {' '.join(words_of(name))}"
    return all(f" {word}" in told for word in said)
