"""Finding by what PostgreSQL keeps of passages beside our columns (see `documents.columns`)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

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
#: Passages up to which every word of theirs is compared by its letters; with more, of the latest
#: MOST_READ those that begin with the same letters: for so many words, so many that are like each.
FEW, MOST_READ, BEGUN, MOST_UNKNOWN, MOST_LIKE = 5_000, 1_000, 3, 4, 3
#: By the index of stems, which are the beginnings of words, whatever the language.
_BEGUN = "{row}.search @@ %s::tsquery"
#: Said in the statement itself, which asks it once and first; it lasts no longer than its transaction.
_SPELLED_SO = "(SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)) IS NOT NULL"


class Said(NamedTuple):
    """A passage: which words it has, a bit for each, and how many others have the same ones."""

    key: uuid.UUID
    which: int
    long: float
    number: int
    longs: float


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
        """Rare words count more: how many passages have each is counted, of those that have any."""
        if not asked.words:
            return Order()
        said = _that_say(rows, asked.words)
        having = _having(said, len(asked.words))
        missing = tuple(
            one for one, some in zip(asked.words, having, strict=True) if not some and len(one) >= SHORTEST
        )
        return Order(*_by_rarity(said, having), missing)

    def similar(self, rows: QuerySet[Chunk], asked: Asked, missing: Sequence[str]) -> Order:
        """Of many passages letters in threes would take seconds: there by words that begin alike."""
        if not missing or not self._there.trigrams:
            return super().similar(rows, asked, missing)
        if rows.order_by()[: FEW + 1].count() <= FEW:
            return self._spelled_like(rows, missing, len(asked.words))
        return self._begun_like(rows, missing, len(asked.words))

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

    def _spelled_like(self, rows: QuerySet[Chunk], words: Sequence[str], of: int) -> Order:
        any_of = " OR ".join(["{row}.words %%> %s"] * len(words))
        like = " + ".join(["word_similarity(%s, {row}.words)"] * len(words))
        found = rows.filter(Sql(_SPELLED_SO, str(ALIKE)), Sql(f"({any_of})", *words))
        ranked = found.annotate(like=number(like, *words)).order_by("-like", "id")
        best = list(ranked.values_list("id", "like")[:MOST_RANKED])
        return Order([key for key, _like in best], best[0][1] / of if best else 0.0)

    def _begun_like(self, rows: QuerySet[Chunk], words: Sequence[str], of: int) -> Order:
        """Words of the latest that begin alike and are much alike; then all passages that say one."""
        wanted = sorted(words, key=len)[-MOST_UNKNOWN:]
        known = [alike for one in wanted if (alike := self._known_like(rows, one))]
        if not known:
            return Order()
        like = _told(_likest(known))
        any_of = _any_of([one for alike in known for one in alike])
        found = rows.order_by().filter(_saying("websearch_to_tsquery", any_of))
        best = list(found.annotate(like=like).order_by("-like", "id").values_list("id", "like")[:MOST_RANKED])
        return Order([key for key, _like in best], best[0][1] / of if best else 0.0)

    def _known_like(self, rows: QuerySet[Chunk], word: str) -> dict[str, float]:
        """The likest words of the passages, and how much they are."""
        begun = word[: BEGUN + (len(word) > 2 * BEGUN)]
        # Not by the key: the database would walk along it, through everything, and ask no index.
        latest = rows.filter(Sql(_BEGUN, f"'{begun}':*")).order_by("-updated_at", "-id")
        known = {
            one
            for words in latest.values_list("words", flat=True)[:MOST_READ]
            for one in words.split()
            if one.startswith(begun)
        }
        return ranking.likest(word, known, ALIKE, most=MOST_LIKE)


def _that_say(rows: QuerySet[Chunk], words: Sequence[str]) -> list[Said]:
    """Of those with the same of the words the shortest, in one reading: no other can be among the best."""
    which = _told(_added([(2**at, [one]) for at, one in enumerate(words)]))
    found = rows.order_by().filter(_saying("websearch_to_tsquery", _any_of(words)))
    found = found.annotate(which=which, long=number("length({row}.search)"))
    same = [F("which")]
    found = found.annotate(
        place_of=Window(RowNumber(), partition_by=same, order_by=[F("long"), F("id")]),
        number=Window(Count("id"), partition_by=same),
        longs=Window(Sum("long"), partition_by=same),
    )
    best = found.filter(place_of__lte=MOST_RANKED).values_list("id", "which", "long", "number", "longs")
    return [Said(key, int(which), *rest) for key, which, *rest in best]


def _having(said: Sequence[Said], words: int) -> list[int]:
    """How many passages have each of the words."""
    groups = {one.which: one.number for one in said}
    return [sum(some for which, some in groups.items() if which >> at & 1) for at in range(words)]


def _by_rarity(said: Sequence[Said], having: Sequence[int]) -> tuple[list[uuid.UUID], float]:
    """The best first, and how much of what was asked the first of them says."""
    groups = {one.which: (one.number, one.longs) for one in said}
    passages = sum(some for some, _longs in groups.values())
    if not passages:
        return [], 0.0
    usual = sum(longs for _some, longs in groups.values()) / passages or 1.0
    weights = [ranking.rarity(one, passages) for one in having]
    told = {which: sum(w for at, w in enumerate(weights) if which >> at & 1) for which in groups}
    scores = {one: told[one.which] / ranking.length(one.long, usual) for one in said}
    best = sorted(said, key=lambda one: (-scores[one], one.key))[:MOST_RANKED]
    return [one.key for one in best], told[best[0].which] / sum(weights)


def _any_of(words: Sequence[str]) -> str:
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
    f"WHEN '{language}' THEN websearch_to_tsquery('{name}', %s)" for language, name in CONFIGURATIONS.items()
)
#: Whether a passage has one of some words, which are given three times.
_SAYS = f"said @@ CASE {{row}}.language {_BRANCHES} ELSE websearch_to_tsquery('{AS_SPELLED}', %s) END"
#: Stems are kept beside the row and fetched anew by whatever looks at them: so once for all words.
_ONCE = "(SELECT {told} FROM (SELECT {{row}}.search || ''::tsvector AS said OFFSET 0) AS once)"


def _added(weighed: list[tuple[float, list[str]]]) -> tuple[str, list[Any]]:
    """For each that has one of its words, its weight."""
    values = [value for weight, some in weighed for value in (weight, *[_any_of(some)] * 3)]
    return " + ".join([f"%s::float8 * ({_SAYS})::int"] * len(weighed)), values


def _likest(known: Sequence[dict[str, float]]) -> tuple[str, list[Any]]:
    """For each wanted word, how much alike the likest is that a passage has of those known."""
    each = [_added([(like, [word])]) for found in known for word, like in found.items()]
    parts = iter(text for text, _values in each)
    said = [f"GREATEST(0, {', '.join(next(parts) for _word in found)})" for found in known]
    return " + ".join(said), [value for _text, values in each for value in values]


def _told(said: tuple[str, list[Any]]) -> Sql:
    return number(_ONCE.replace("{told}", said[0]).replace("{{row}}", "{row}"), *said[1])
