"""Finding by what PostgreSQL keeps of passages beside our columns (see `documents.columns`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from documents.asking import Asked
from documents.columns import INDEXED, WIDEST
from documents.indexes import MOST_RANKED, Order
from documents.indexes.portable import SHORTEST, Likenesses, Portable
from documents.indexes.rarity import weighed
from documents.indexes.spelling import meant
from documents.indexes.sql import Sql, counted, number, told
from documents.indexes.stems import any_of, likest, saying
from documents.indexes.there import There
from documents.models import Chunk, ChunkVector
from documents.words import asked as words_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How much of a word's trigrams must be in a passage for the passage to have it, misspelled.
ALIKE = 0.35
#: Passages up to which every word of theirs is compared by its letters.
FEW = 5_000
#: Said in the statement itself, which asks it once and first; it lasts no longer than its transaction.
_SPELLED_SO = "(SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)) IS NOT NULL"
#: The nearest in the question's language, and the nearest of the others.
_APART = """WITH near AS MATERIALIZED (
        SELECT kept.id, kept.language = %s AS ours, compared.far
        FROM ({0}) AS compared JOIN ({1}) AS kept ON kept.id = compared.chunk_id)
    (SELECT * FROM near WHERE ours ORDER BY far, id LIMIT {most})
    UNION ALL (SELECT * FROM near WHERE NOT ours ORDER BY far, id LIMIT {most})
    ORDER BY far, id""".replace("{most}", str(MOST_RANKED))


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
        """By the database itself, which compares every vector: no index of nearness knows whose each is."""
        if not self._there.vectors:
            return super()._alike(rows, vector, model)
        kept = _of_model(vector, model).filter(chunk__in=rows.order_by()).annotate(far=_far(vector))
        found = kept.order_by("far", "chunk_id").values_list("chunk_id", "far")[:MOST_RANKED]
        return [(key, -far) for key, far in found if far is not None]

    def _apart(
        self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str, language: str
    ) -> tuple[Likenesses, Likenesses]:
        """Every vector is compared once for both."""
        if not self._there.vectors:
            return super()._apart(rows, vector, model, language)
        compared = _of_model(vector, model).annotate(far=_far(vector)).order_by().values("chunk_id", "far")
        found = told([compared, rows.order_by().values("id", "language")], _APART, language)
        ours: Likenesses = []
        others: Likenesses = []
        for key, is_ours, far in found:
            if far is not None:
                (ours if is_ours else others).append((key, -far))
        return ours, others

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


def _of_model(vector: NDArray[np.float32], model: str) -> QuerySet[ChunkVector]:
    """Those that `vector` is compared with: in the index that has them together, unless they are too wide."""
    kept = ChunkVector.objects.filter(model=model)
    return kept.filter(Sql(INDEXED.format(row="{row}."))) if len(vector) <= WIDEST else kept


def _far(vector: NDArray[np.float32]) -> Sql:
    return number("{row}.embedding <#> %s::public.halfvec", f"[{','.join(f'{one:.6g}' for one in vector)}]")
