"""What a question asks for: words, “phrases in quotation marks” that must be there, -words that may not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from documents import words

#: Characters of a question that are looked up.
LONGEST_QUESTION = 2_000
#: Phrases and words shut out that count.
MOST_SIGNS = 8
#: Words of a question that say little of what it is about.
_LITTLE = (
    "about como dos das does esta este isso mais muito nao nos para pela pelo por quais qual quando que quem"
    " sao ser sobre tem uma uns voce are can for from has have how our the that this what when where which"
    " who why will with you your and"
)
COMMON = frozenset(_LITTLE.split())

_SIGNS = re.compile(r'(?:^|(?<=\s))(-?)(?:"([^"]*)"|“([^”]*)”)|(?:^|(?<=\s))-([^\W\d_][^\s"“”]*)')

_NAME = re.compile(r"\b[A-Z0-9]{2}\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart. `text` is all of it but what is shut out; `words` are without accents.

    `phrases` and `without` are words in their order, with accents.
    """

    text: str
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def asking(question: str) -> Asked:
    """Never fails: what makes no sense as a sign is read as words."""
    phrases: list[str] = []
    without: list[str] = []

    def sign(found: re.Match[str]) -> str:
        minus, said = found[1], found[2] or found[3] or found[4] or ""
        if minus or found[4]:
            without.append(said)
            return " "
        phrases.append(said)
        return f" {said} "

    text = _SIGNS.sub(sign, question[:LONGEST_QUESTION].replace("\0", " ")).strip()
    return Asked(text, _telling(text), _kept(phrases), _kept(without))


def _telling(text: str) -> tuple[str, ...]:
    """The words that it is about; of two letters only names that are written big, such as RH."""
    names = set() if text.isupper() else {one.lower() for one in _NAME.findall(text)}
    said = [one for one in words.words_of(text) if (len(one) > 2 and one not in COMMON) or one in names]
    return tuple(said[: words.MOST_ASKED])


def _kept(signs: list[str]) -> tuple[str, ...]:
    return tuple(one for one in signs if words.words_of(one))[:MOST_SIGNS]
