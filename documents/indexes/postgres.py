"""Finding by what PostgreSQL keeps of passages beside our columns (see `documents.columns`)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Avg, Count, F, QuerySet, Sum

from documents import ranking
from documents.asking import Asked
from documents.columns import AS_SPELLED, CONFIGURATIONS
from documents.indexes import MOST_RANKED, Order
from documents.indexes.portable import SHORTEST, Portable
from documents.indexes.sql import Sql, number
from documents.indexes.there import There
from documents.models import Chunk, ChunkVector
from documents.words import asked as words_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How much of a word's trigrams must be in a passage for the passage to have it, misspelled.
ALIKE = 0.35
#: Said in the statement itself, which asks it once and first; it lasts no longer than its transaction.
_SPELLED_SO = "(SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)) IS NOT NULL"


class Postgres(Portable):
    """See `Index`. Where it lacks pg_trgm or pgvector it does what is done everywhere."""

    def __init__(self, there: There) -> None:
        self._there = there

    def narrowed(self, rows: QuerySet[Chunk], asked: Asked) -> QuerySet[Chunk]:
        for phrase in asked.phrases:
            rows = rows.filter(_saying("phraseto_tsquery", " ".join(words_in(phrase))))
        for shut_out in asked.without:
            rows = rows.exclude(_saying("phraseto_tsquery", " ".join(words_in(shut_out))))
        return rows

    def words(self, rows: QuerySet[Chunk], asked: Asked) -> Order:
        """Rare words count more: how many passages have each is counted first, of those that have any."""
        if not asked.words:
            return Order()
        found = rows.filter(_saying("websearch_to_tsquery", _any_of(asked.words)))
        counted = {f"word_{at}": Sum(_says(one)) for at, one in enumerate(asked.words)}
        told = found.aggregate(number=Count("id"), usual=Avg(number("length({row}.search)")), **counted)
        if not told["number"]:
            return Order()
        weights = [ranking.rarity(told[name] or 0, told["number"]) for name in counted]
        return self._ranked(found, asked.words, weights, told["usual"] or 1.0)

    def _ranked(
        self, found: QuerySet[Chunk], words: tuple[str, ...], weights: list[float], usual: float
    ) -> Order:
        said = " + ".join([f"%s::float8 * ({_SAYS})::int"] * len(words))
        values = [value for pair in zip(weights, words, strict=True) for value in (pair[0], *[pair[1]] * 3)]
        share = number(f"({said})", *values)
        held_back = number("(%s::float8 + %s::float8 * length({row}.search))", *_length(usual))
        ranked = found.annotate(share=share, score=F("share") / held_back).order_by("-score", "id")
        best = list(ranked.values_list("id", "share")[:MOST_RANKED])
        return Order([key for key, _share in best], best[0][1] / sum(weights) if best else 0.0)

    def similar(self, rows: QuerySet[Chunk], asked: Asked) -> Order:
        if not self._there.trigrams:
            return super().similar(rows, asked)
        unknown = self._unknown(rows, asked)
        return self._spelled_like(rows, unknown, len(asked.words)) if unknown else Order()

    def _alike(
        self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str
    ) -> list[tuple[uuid.UUID, float]]:
        """Every vector of these rows is compared, by the database itself: no index knows whose each is."""
        if not self._there.vectors:
            return super()._alike(rows, vector, model)
        told = f"[{','.join(f'{one:.6g}' for one in vector)}]"
        kept = ChunkVector.objects.filter(model=model, chunk__in=rows.order_by())
        far = number("{row}.embedding <#> %s::public.halfvec", told)
        found = (
            kept.annotate(far=far).order_by("far", "chunk_id").values_list("chunk_id", "far")[:MOST_RANKED]
        )
        return [(key, -far) for key, far in found if far is not None]

    def _unknown(self, rows: QuerySet[Chunk], asked: Asked) -> list[str]:
        return [
            one
            for one in asked.words
            if len(one) >= SHORTEST
            and not rows.filter(_saying("websearch_to_tsquery", _any_of([one]))).exists()
        ]

    def _spelled_like(self, rows: QuerySet[Chunk], words: list[str], of: int) -> Order:
        any_of = " OR ".join(["{row}.words %%> %s"] * len(words))
        like = " + ".join(["word_similarity(%s, {row}.words)"] * len(words))
        found = rows.filter(Sql(_SPELLED_SO, str(ALIKE)), Sql(f"({any_of})", *words))
        ranked = found.annotate(like=number(like, *words)).order_by("-like", "id")
        best = list(ranked.values_list("id", "like")[:MOST_RANKED])
        return Order([key for key, _like in best], best[0][1] / of if best else 0.0)


def _any_of(words: list[str] | tuple[str, ...]) -> str:
    """As websearch_to_tsquery reads it; each in quotation marks, so that none is an operator."""
    return " or ".join(f'"{one}"' for one in words)


def _saying(function: str, text: str) -> Sql:
    """Whether a passage says it, in the words of its own language: each an index condition of its own."""
    branches = [
        f"({{row}}.language = '{language}' AND {{row}}.search @@ {function}('{name}', %s))"
        for language, name in CONFIGURATIONS.items()
    ]
    known = ", ".join(f"'{one}'" for one in CONFIGURATIONS)
    branches.append(
        f"({{row}}.language NOT IN ({known}) AND {{row}}.search @@ {function}('{AS_SPELLED}', %s))"
    )
    return Sql(f"({' OR '.join(branches)})", *[text] * len(branches))


_BRANCHES = " ".join(
    f"WHEN '{language}' THEN plainto_tsquery('{name}', %s)" for language, name in CONFIGURATIONS.items()
)
#: Whether a passage has a word, which is given three times.
_SAYS = f"{{row}}.search @@ CASE {{row}}.language {_BRANCHES} ELSE plainto_tsquery('{AS_SPELLED}', %s) END"


def _says(word: str) -> Sql:
    return number(f"({_SAYS})::int", *[word] * 3)


def _length(usual: float) -> tuple[float, float]:
    """As `ranking.length`: a constant, and what each word adds."""
    return ranking.length(0, usual), ranking.length(1, usual) - ranking.length(0, usual)
