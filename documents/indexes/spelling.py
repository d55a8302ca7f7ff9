"""What somebody may have meant by a word that no passage has, among more passages than can be compared.

one slip   a letter left out, turned round, another or one more: every word that this makes of it is looked
           up in the index of stems, a few hundred at once; the slip may be anywhere, also in the first letter
begun      where none of these is there, what begins with the same letters and is much alike; of very many
           such passages some are read
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from documents import ranking
from documents.columns import AS_SPELLED, CONFIGURATIONS
from documents.indexes.sql import Sql, told
from documents.models import Chunk

#: For so many unknown words, so many that each may stand for.
MOST_UNKNOWN, MOST_LIKE = 4, 3
#: Letters of a word that are turned into others: each more is fifty to look up.
LONGEST = 24
#: Passages that are read for words that begin so, with at least so many letters.
MOST_READ, BEGUN = 1_000, 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ASKED = " || ".join(f"plainto_tsquery('{one}', word)" for one in (*CONFIGURATIONS.values(), AS_SPELLED))
#: A scalar question for each word, so that each asks the index and stops at the first passage.
_THERE = """SELECT word FROM (SELECT word, {asked} AS asked FROM unnest(%s::text[]) AS word OFFSET 0) AS meant
    WHERE (SELECT true FROM ({0}) AS one LIMIT 1)""".replace("{asked}", _ASKED)
#: By the index of stems, which are the beginnings of words, whatever the language.
_BEGUN = "{row}.search @@ %s::tsquery"


def meant(rows: QuerySet[Chunk], words: Sequence[str], alike: float) -> list[dict[str, float]]:
    """For each of the longest words that has any: those of the passages that are likest, and how much."""
    wanted = sorted(words, key=len)[-MOST_UNKNOWN:]
    slips = {one: one_slip_from(one) for one in wanted}
    there = _there(rows, sorted(set().union(*slips.values())))
    found = []
    for one, some in slips.items():
        known = ranking.likest(one, some & there, 0, most=MOST_LIKE)
        found.append(known or _begun(rows, one, alike))
    return [known for known in found if known]


def one_slip_from(word: str) -> set[str]:
    """Words by one letter less, two turned round, another letter or one more; none of a very long one."""
    return set(_slips(word)) - {word} if len(word) <= LONGEST else set()


def _slips(word: str) -> Iterator[str]:
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        yield from (before + one + after for one in _LETTERS)
        if after:
            yield before + after[1:]
            yield from (before + one + after[1:] for one in _LETTERS)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]


def _there(rows: QuerySet[Chunk], words: Sequence[str]) -> set[str]:
    """Those of the words that some passage has, in any of its forms."""
    asked = rows.order_by().filter(Sql("{row}.search @@ meant.asked")).values("pk")
    return {word for (word,) in told([asked], _THERE, list(words))}


def _begun(rows: QuerySet[Chunk], word: str, alike: float) -> dict[str, float]:
    """First by as many letters as can be right with one slip after them: few passages begin a word so."""
    for letters in range(len(word) - 2, BEGUN - 1, -2):
        begun = word[:letters]
        some = rows.order_by().filter(Sql(_BEGUN, f"'{begun}':*")).values_list("words", flat=True)
        said = {one for words in some[:MOST_READ] for one in words.split() if one.startswith(begun)}
        if known := ranking.likest(word, said, alike, most=MOST_LIKE):
            return known
    return {}
