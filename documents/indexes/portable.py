"""Finding without anything of a database's own: what MariaDB and SQLite do, and PostgreSQL where it must."""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from django.db.models import Q, QuerySet

from documents import ranking, words
from documents.asking import Asked
from documents.indexes import MOST_RANKED, Order
from documents.languages import OTHER
from documents.meaning import NEAR
from documents.models import Chunk, ChunkVector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Passages looked through for words, and compared by meaning, at the very most: the latest.
MOST_READ, MOST_COMPARED = 2_000, 100_000
#: Vectors in memory at a time: 3 MB of 384 numbers each, 25 MB of 3,072.
AT_ONCE = 2_000
#: Letters of a word from which on it may be misspelled, and how much of two words must be the same.
SHORTEST, ALIKE = 4, 0.35
#: Passages, and how much like the question each is: the likest first, at most MOST_RANKED.
Likenesses: TypeAlias = list[tuple[uuid.UUID, float]]
#: How much like the question a passage is, what comes first of equals, and the passage.
Likeness: TypeAlias = tuple[float, int, uuid.UUID]


class Portable:
    """See `Index`."""

    def narrowed(self, rows: QuerySet[Chunk], asked: Asked) -> QuerySet[Chunk]:
        """The words of a phrase may stand anywhere in the passage: their order is not known here."""
        for phrase in asked.phrases:
            for one in words.asked(phrase):
                rows = rows.filter(words__contains=f" {one} ")
        for shut_out in asked.without:
            for one in words.asked(shut_out):
                rows = rows.exclude(words__contains=f" {one} ")
        return rows

    def words(self, rows: QuerySet[Chunk], asked: Asked) -> Order:
        if not asked.words:
            return Order()
        any_of = Q()
        for one in asked.words:
            any_of |= Q(words__begins=one[: ranking.STEM])
        scores, share = ranking.scored_by_words(asked.words, _read(rows.filter(any_of)))
        best = sorted(scores, key=lambda one: -scores[one])[:MOST_RANKED]
        return Order(best, share, self._missing(rows, asked))

    def similar(self, rows: QuerySet[Chunk], asked: Asked, missing: Sequence[str]) -> Order:
        if not missing:
            return Order()
        order, alike = ranking.by_letters(missing, _read(rows), ALIKE)
        return Order(order[:MOST_RANKED], alike / len(asked.words))

    def near(
        self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str, language: str = OTHER
    ) -> list[uuid.UUID]:
        """What is in the question's language and what is not are looked at apart, and then weighed."""
        if language == OTHER:
            found = self._alike(rows, vector, model)
        else:
            found = ranking.across(*self._apart(rows, vector, model, language))
        return [key for key, likeness in found if likeness >= found[0][1] - NEAR][:MOST_RANKED]

    def _apart(
        self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str, language: str
    ) -> tuple[Likenesses, Likenesses]:
        ours, others = rows.filter(language=language), rows.exclude(language=language)
        return self._alike(ours, vector, model), self._alike(others, vector, model)

    def _alike(self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str) -> Likenesses:
        """Every one is looked at, the latest first, AT_ONCE in memory."""
        kept = ChunkVector.objects.filter(model=model, chunk__in=rows.order_by()).order_by("-chunk_id")
        best: list[Likeness] = []
        after: dict[str, uuid.UUID] = {}
        for _page in range(MOST_COMPARED // AT_ONCE):
            found = kept.filter(**after).values_list("chunk_id", "vector")[:AT_ONCE]
            page = [(key, bytes(told)) for key, told in found]
            best = _nearest(best, page, vector)
            if len(page) < AT_ONCE:
                break
            after = {"chunk_id__lt": page[-1][0]}
        return [(key, likeness) for likeness, _order, key in best]

    def _missing(self, rows: QuerySet[Chunk], asked: Asked) -> tuple[str, ...]:
        return tuple(
            one
            for one in asked.words
            if len(one) >= SHORTEST and not rows.filter(words__begins=one[: ranking.STEM]).exists()
        )


def _read(rows: QuerySet[Chunk]) -> dict[uuid.UUID, list[str]]:
    found = rows.order_by("-id").values_list("id", "words")[:MOST_READ]
    return {key: said.split() for key, said in found}


def _nearest(
    best: list[Likeness], page: list[tuple[uuid.UUID, bytes]], vector: NDArray[np.float32]
) -> list[Likeness]:
    """The best of those so far and of these; those that are equally like stand by their id."""
    import numpy as np

    if not page:
        return best
    rows = np.frombuffer(b"".join(one for _key, one in page), dtype="<f4").reshape(len(page), -1)
    likeness = rows @ vector
    some = np.argsort(-likeness, kind="stable")[:MOST_RANKED]
    more = [(float(likeness[at]), -page[at][0].int, page[at][0]) for at in some]
    return heapq.nlargest(MOST_RANKED, [*best, *more])
