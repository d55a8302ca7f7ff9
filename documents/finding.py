"""The passages that answer a question, of those that somebody may read.

rows      a queryset of Chunk that is filtered already: nothing else is ever found
words     those that share words with the question, by the stems of their language
similar   those with a word that is spelled much like one that nobody wrote
near      the nearest in meaning, where there are vectors
together  one order of all, cut to what the prompt has room for
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from documents import ranking
from documents.asking import Asked, asking
from documents.comparing import question_as_vector
from documents.indexes import Index, Order, index_of_placement
from documents.languages import language_of
from documents.models import Chunk
from documents.services.metered import Asker
from documents.services.vectors import mark_waiting

#: How much each order counts: words, letters, meaning. Chosen by one half of `make bench-retrieval`.
WEIGHTS = (1.0, 2.0, 1.0)


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as it stood when it was found."""

    id: uuid.UUID
    source_kind: str
    source_id: uuid.UUID
    version: int
    ordinal: int
    place: str
    text: str


def find(
    rows: QuerySet[Chunk],
    question: str,
    *,
    passages: int,
    characters: int,
    meaning: bool = True,
    asker: Asker | None = None,
) -> list[Found]:
    """At most so many, the best first; empty where nothing fits the question's words or meaning.

    “Phrases” in quotation marks must stand in a passage, -words may not. Where the question's meaning costs
    something it counts for `asker`, and is told there where it had no room.
    """
    asked = asking(question)
    if passages < 1 or not (asked.text or asked.phrases):
        return []
    index = index_of_placement()
    rows = index.narrowed(rows, asked)
    near = _near(index, rows, asked, asker) if meaning else []
    words = index.words(rows, asked)
    best = in_one_order(words, index.similar(rows, asked, words.missing), near)
    return _cut(_read(rows, best[: passages * 2]), passages, characters)


def in_one_order(words: Order, similar: Order, near: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Each counts as far as it is to be trusted."""
    weights = (WEIGHTS[0] * words.trust, WEIGHTS[1] * similar.trust, WEIGHTS[2])
    return ranking.together(words.keys, similar.keys, near, weights=weights)


def _near(index: Index, rows: QuerySet[Chunk], asked: Asked, asker: Asker | None) -> list[uuid.UUID]:
    compared = question_as_vector(asked.text, asker)
    if compared is None:
        return []
    if compared.stale:
        mark_waiting()
    return index.near(rows, compared.vector, compared.model, language_of(asked.text))


def _read(rows: QuerySet[Chunk], best: Sequence[uuid.UUID]) -> list[Found]:
    """Through the same filter once more, in the order asked for."""
    columns = ("id", "source_kind", "source_id", "source_version", "ordinal", "place", "text")
    found = {row[0]: Found(*row) for row in rows.filter(id__in=best).values_list(*columns)}
    return [found[one] for one in best if one in found]


def _cut(found: Sequence[Found], passages: int, characters: int) -> list[Found]:
    """Whole passages only; one that does not fit makes room for the next."""
    kept: list[Found] = []
    for one in found:
        if len(kept) < passages and len(one.text) <= characters:
            kept.append(one)
            characters -= len(one.text)
    return kept
