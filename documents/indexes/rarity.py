"""Passages by the words they say, rare ones first, as PostgreSQL counts them.

few    where no more than MOST_WEIGHED passages have any of the words, each is weighed, and every word counted
many   how many have a word is counted up to MOST_COUNTED, beyond that told from a sample; weighed are those
       with one of the rarest words, and those with as many of the others at once as leave few enough
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from typing import NamedTuple

from django.db.models import QuerySet

from documents import ranking
from documents.indexes import MOST_RANKED
from documents.indexes.sql import Sql, counted, number, told
from documents.indexes.stems import all_of, any_of, saying, saying_in_any_language, which
from documents.models import Chunk

#: Passages that are weighed for having a rare word, and again for having most of the others: some 10 µs each.
MOST_WEIGHED = 5_000
#: Passages up to which those with a word are counted, which reads a page for nearly each.
MOST_COUNTED = 500
#: One passage in so many is the sample, by the last byte of its key; of a very large organization the first.
ONE_IN, MOST_SAMPLED = 128, 2_000
#: Of so many of the other words, so many may be missing in a passage that has most of them.
MOST_TOGETHER, MOST_GONE = 6, 2
_SAMPLED = "get_byte(uuid_send({row}.id), 15) < %s"
#: OFFSET 0 has the database read all stems first and then sort numbers alone, not the stems with them.
_SHORTEST = """SELECT id, which, long, number, longs FROM (
        SELECT id, which, long, row_number() OVER (PARTITION BY which ORDER BY long, id) AS place,
               count(*) OVER same AS number, sum(long) OVER same AS longs
        FROM ({0} OFFSET 0) AS said WINDOW same AS (PARTITION BY which)) AS placed
    WHERE place <= {most}""".replace("{most}", str(MOST_RANKED))


class Said(NamedTuple):
    """A passage: which words it has, a bit for each, and how many others have the same ones."""

    key: uuid.UUID
    which: int
    long: float
    number: int
    longs: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """Passages with the shortest of each group; `having` is how many of `of` passages have each word."""

    said: Sequence[Said]
    having: Sequence[int]
    of: int

    def best(self) -> tuple[list[uuid.UUID], float]:
        """The best first, and how much of what was asked the first of them says."""
        groups = {one.which: (one.number, one.longs) for one in self.said}
        passages = sum(some for some, _longs in groups.values())
        if not passages:
            return [], 0.0
        usual = sum(longs for _some, longs in groups.values()) / passages or 1.0
        weights = [ranking.rarity(one, self.of) for one in self.having]
        told = {mask: sum(w for at, w in enumerate(weights) if mask >> at & 1) for mask in groups}
        scores = {one: told[one.which] / ranking.length(one.long, usual) for one in self.said}
        best = sorted(self.said, key=lambda one: (-scores[one], one.key))[:MOST_RANKED]
        return [one.key for one in best], told[best[0].which] / sum(weights)


def weighed(rows: QuerySet[Chunk], words: Sequence[str]) -> Weighed:
    """The passages that may be among the best, for one word or more."""
    rows = rows.order_by()
    any_of_them = rows.filter(saying_in_any_language(any_of(words)))
    if counted([any_of_them], MOST_WEIGHED)[0] <= MOST_WEIGHED:
        said = _that_say(rows.filter(saying("websearch_to_tsquery", any_of(words))), words)
        return Weighed(said, _having(said, len(words)), sum({one.which: one.number for one in said}.values()))
    return _of_many(rows, words)


def _of_many(rows: QuerySet[Chunk], words: Sequence[str]) -> Weighed:
    having, of = _numbers(rows, words)
    chosen, candidates = _candidates(rows, having)
    said = [one for one in _that_say(candidates, words) if one.which]
    # Another language's stem may have counted for a word: those of which all are weighed are known.
    having |= {one: some for one, some in zip(words, _having(said, len(words)), strict=True) if one in chosen}
    return Weighed(said, [having[one] for one in words], max(of, *having.values()))


def _numbers(rows: QuerySet[Chunk], words: Sequence[str]) -> tuple[dict[str, int], int]:
    """How many passages have each word, and how many any: about, but for a rare word."""
    told = _sampled(rows, words)
    having = {one: ONE_IN * sum(mask >> at & 1 for mask in told) for at, one in enumerate(words)}
    looked_up = [one for one in words if having[one] <= MOST_COUNTED]
    numbers = counted([_with(rows, any_of([one])) for one in looked_up], MOST_COUNTED)
    for one, some in zip(looked_up, numbers, strict=True):
        if some <= MOST_COUNTED:
            having[one] = some
        else:  # in none of the sample, which is none of these rows then: taken for a common one
            having[one] = max(some, having[one] or MOST_WEIGHED + 1)
    return having, ONE_IN * max(len(told), 1)


def _candidates(rows: QuerySet[Chunk], having: dict[str, int]) -> tuple[list[str], QuerySet[Chunk]]:
    """Passages with one of the rarest words, or with as many of the others at once as leave few enough.

    And the words whose passages are all among them. With common words alone the shortest of too many.
    """
    by_number = sorted(having, key=lambda one: (having[one], one))
    up_to = list(accumulate(having[one] for one in by_number))
    chosen = [one for one, so_far in zip(by_number, up_to, strict=True) if so_far <= MOST_WEIGHED]
    others = by_number[len(chosen) :][:MOST_TOGETHER]
    asked = [any_of(chosen)] if chosen else []
    levels = [_all_but(others, gone) for gone in range(min(MOST_GONE + 1, len(others)))]
    numbers = counted([_with(rows, one) for one in levels], MOST_WEIGHED)
    fit = [one for one, some in zip(levels, numbers, strict=True) if some <= MOST_WEIGHED]
    if fit or not levels or (chosen and up_to[len(chosen) - 1] >= MOST_RANKED):
        return chosen, _with(rows, " or ".join([*asked, *fit[-1:]]))
    return [], rows.filter(pk__in=_shortest(_with(rows, " or ".join([*asked, levels[0]]))).values("pk"))


def _all_but(words: Sequence[str], gone: int) -> str:
    return " or ".join(all_of(some) for some in combinations(words, len(words) - gone))


def _with(rows: QuerySet[Chunk], asked: str) -> QuerySet[Chunk]:
    return rows.filter(saying_in_any_language(asked))


def _shortest(rows: QuerySet[Chunk]) -> QuerySet[Chunk]:
    """By the bytes of their words, which the database knows without reading them."""
    return rows.order_by(number("octet_length({row}.words)"), "pk")[: 2 * MOST_WEIGHED]


def _sampled(rows: QuerySet[Chunk], words: Sequence[str]) -> list[int]:
    """Which words those of the sample have that have any. Its keys are all in an index that is small."""
    keys = Chunk.objects.order_by("pk").filter(Sql(_SAMPLED, 256 // ONE_IN)).values("pk")[:MOST_SAMPLED]
    some = rows.filter(pk__in=keys).annotate(which=which(words))
    return [int(one) for one in some.values_list("which", flat=True) if one]


def _that_say(rows: QuerySet[Chunk], words: Sequence[str]) -> list[Said]:
    """Of those with the same of the words the shortest, in one reading: no other can be among the best."""
    read = rows.annotate(which=which(words), long=number("length({row}.search)"))
    found = told([read.values("id", "which", "long")], _SHORTEST)
    return [Said(key, int(mask), *rest) for key, mask, *rest in found]


def _having(said: Sequence[Said], words: int) -> list[int]:
    """How many passages have each of the words."""
    groups = {one.which: one.number for one in said}
    return [sum(some for mask, some in groups.items() if mask >> at & 1) for at in range(words)]
