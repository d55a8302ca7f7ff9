"""Finding by what PostgreSQL keeps of passages beside our columns (see `documents.columns`)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import F, QuerySet

from documents.asking import Asked
from documents.indexes import MOST_RANKED, Order
from documents.indexes.portable import SHORTEST, Likenesses, Portable
from documents.indexes.rarity import weighed
from documents.indexes.spelling import meant
from documents.indexes.sql import Sql, counted, number
from documents.indexes.stems import any_of, likest, saying
from documents.indexes.there import There
from documents.models import Chunk, ChunkVector
from documents.words import asked as words_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How much of a word's trigrams must be in a passage for the passage to have it, misspelled.
ALIKE = 0.35
#: Passages up to which every word of theirs is compared by its letters, and every vector beside its passage;
#: with more, so many of the nearest are fetched before anything else is looked at.
FEW, MOST_FETCHED = 5_000, 1_500
#: Said in the statement itself, which asks it once and first; it lasts no longer than its transaction.
_SPELLED_SO = "(SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)) IS NOT NULL"


class Postgres(Portable):
    """See `Index`. Where it lacks pg_trgm or pgvector it does what is done everywhere."""

    def __init__(self, there: There) -> None:
        self._there = there

    def narrowed(self, rows: QuerySet[Chunk], asked: Asked) -> QuerySet[Chunk]:
        for phrase in asked.phrases:
            rows = rows.filter(saying("phraseto_tsquery", " ".join(words_in(phrase))))
        for shut_out in asked.without:
            rows = rows.exclude(saying("phraseto_tsquery", " ".join(words_in(shut_out))))
        return rows

    def words(self, rows: QuerySet[Chunk], asked: Asked) -> Order:
        """Rare words count more: how many passages have each, of those that have any."""
        if not asked.words:
            return Order()
        found = weighed(rows, asked.words)
        missing = tuple(
            one
            for one, some in zip(asked.words, found.having, strict=True)
            if not some and len(one) >= SHORTEST
        )
        return Order(*found.best(), missing)

    def similar(self, rows: QuerySet[Chunk], asked: Asked, missing: Sequence[str]) -> Order:
        """By letters in threes; in an organization with many passages by words that may have been meant.

        The index of threes reads all of the organization's, however few `rows` are: seconds.
        """
        if not missing or not self._there.trigrams:
            return super().similar(rows, asked, missing)
        if _many(Chunk.objects.all()):
            return self._meant(rows, missing, len(asked.words))
        return self._spelled_like(rows, missing, len(asked.words))

    def _alike(self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str) -> Likenesses:
        """By the database itself, which compares every vector: no index knows whose each is."""
        if not self._there.vectors:
            return super()._alike(rows, vector, model)
        if _many(rows):
            found = [(key, like) for key, _language, like in _nearest(rows, vector, model)]
            if len(found) >= MOST_RANKED:
                return found[:MOST_RANKED]
        return _every(rows, vector, model)

    def _apart(
        self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str, language: str
    ) -> tuple[Likenesses, Likenesses]:
        """Of many the nearest are fetched once for both; whoever has too few of these is asked alone."""
        if not self._there.vectors or not _many(rows):
            return super()._apart(rows, vector, model, language)
        ours: Likenesses = []
        others: Likenesses = []
        for key, said, like in _nearest(rows, vector, model):
            (ours if said == language else others).append((key, like))
        if len(ours) < MOST_RANKED:
            ours = _every(rows.filter(language=language), vector, model)
        if len(others) < MOST_RANKED:
            others = _every(rows.exclude(language=language), vector, model)
        return ours[:MOST_RANKED], others[:MOST_RANKED]

    def _spelled_like(self, rows: QuerySet[Chunk], words: Sequence[str], of: int) -> Order:
        any_of = " OR ".join(["{row}.words %%> %s"] * len(words))
        like = " + ".join(["word_similarity(%s, {row}.words)"] * len(words))
        found = rows.filter(Sql(_SPELLED_SO, str(ALIKE)), Sql(f"({any_of})", *words))
        ranked = found.annotate(like=number(like, *words)).order_by("-like", "id")
        best = list(ranked.values_list("id", "like")[:MOST_RANKED])
        return Order([key for key, _like in best], best[0][1] / of if best else 0.0)

    def _meant(self, rows: QuerySet[Chunk], words: Sequence[str], of: int) -> Order:
        """All passages that say one of the words that may have been meant."""
        known = meant(rows, words, ALIKE)
        if not known:
            return Order()
        any_of_them = any_of([one for alike in known for one in alike])
        found = rows.order_by().filter(saying("websearch_to_tsquery", any_of_them))
        ranked = found.annotate(like=likest(known)).order_by("-like", "id")
        best = list(ranked.values_list("id", "like")[:MOST_RANKED])
        return Order([key for key, _like in best], best[0][1] / of if best else 0.0)


def _many(rows: QuerySet[Chunk]) -> bool:
    return counted([rows], FEW)[0] > FEW


def _every(rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str) -> Likenesses:
    kept = ChunkVector.objects.filter(model=model, chunk__in=rows.order_by()).annotate(far=_far(vector))
    found = kept.order_by("far", "chunk_id").values_list("chunk_id", "far")[:MOST_RANKED]
    return [(key, -far) for key, far in found if far is not None]


def _nearest(
    rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str
) -> list[tuple[uuid.UUID, str, float]]:
    """Those of `rows` that are among the MOST_FETCHED nearest of all, in order, each with its language.

    The vectors are read as they lie, and of their passages these only: what is left is in the right order.
    """
    every = ChunkVector.objects.filter(model=model).annotate(far=_far(vector))
    first = every.order_by("far", "chunk_id").values("pk")[:MOST_FETCHED]
    kept = every.filter(pk__in=first, chunk__in=rows.order_by()).annotate(said=F("chunk__language"))
    found = kept.order_by("far", "chunk_id").values_list("chunk_id", "said", "far")
    return [(key, said, -far) for key, said, far in found if far is not None]


def _far(vector: NDArray[np.float32]) -> Sql:
    return number("{row}.embedding <#> %s::public.halfvec", f"[{','.join(f'{one:.6g}' for one in vector)}]")
