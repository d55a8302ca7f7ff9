"""The passages that answer a question, of those that somebody may read.

rows      a queryset of Chunk that is filtered already: nothing else is ever looked at
meaning   the nearest vectors, where there are some: every row is compared
words     those that share words with the question
together  one order of both, cut to what the prompt has room for
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from documents import ranking, words
from documents.meaning import nearest, vector_of_question
from documents.models import Chunk

#: Passages compared by meaning, and looked through for words, at the very most.
MOST_COMPARED, MOST_READ = 20_000, 2_000
#: How many of each order count for the one made of both.
MOST_RANKED = 30
#: Characters of a question that are looked up.
LONGEST_QUESTION = 2_000
_LITTLE = (
    "about como dos das does esta este isso mais muito nao nos para pela pelo por quais qual quando que quem"
    " sao ser sobre tem uma uns voce are can for from has have how our the that this what when where which"
    " who why will with you your"
)
#: Words of a question that say little of what it is about; short ones are left out anyway.
COMMON = frozenset(_LITTLE.split())


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as it stood when it was found."""

    source_id: uuid.UUID
    version: int
    ordinal: int
    place: str
    text: str


def find(
    rows: QuerySet[Chunk], question: str, *, passages: int, characters: int, meaning: bool = True
) -> list[Found]:
    """At most so many, the best first; empty where nothing fits the question's words or meaning."""
    question = question[:LONGEST_QUESTION]
    if passages < 1 or not question.strip():
        return []
    near = _by_meaning(rows, question) if meaning else []
    best = ranking.together(near, _by_words(rows, question)[:MOST_RANKED])
    return _cut(_read(rows, best[: passages * 2]), passages, characters)


def asked_words(question: str) -> list[str]:
    """The words that a question is about."""
    said = [one for one in words.words_of(question) if len(one) > 2 and one not in COMMON]
    return said[: words.MOST_ASKED]


def _by_words(rows: QuerySet[Chunk], question: str) -> list[uuid.UUID]:
    asked = asked_words(question)
    if not asked:
        return []
    any_of = Q()
    for one in asked:
        any_of |= Q(words__begins=one[: ranking.STEM])
    found = rows.filter(any_of).order_by("-updated_at", "id").values_list("id", "words")[:MOST_READ]
    return ranking.by_words(asked, {key: said.split() for key, said in found})


def _by_meaning(rows: QuerySet[Chunk], question: str) -> list[uuid.UUID]:
    """Nobody is asked for a vector where no passage has one."""
    if not rows.exclude(vector=None).exists():
        return []
    asked = vector_of_question(question)
    if asked is None:
        return []
    kept = rows.filter(vector_model=model_key(asked.model, asked.dims)).order_by("-updated_at", "id")
    found = list(kept.values_list("id", "vector")[:MOST_COMPARED])
    if not found:
        return []
    order = nearest(asked.vectors[0], [bytes(vector or b"") for _key, vector in found])
    return [found[one][0] for one in order[:MOST_RANKED]]


def model_key(model: str, dims: int) -> str:
    return f"{model[:100]}/{dims}"


def _read(rows: QuerySet[Chunk], best: Sequence[uuid.UUID]) -> list[Found]:
    """Through the same filter once more, in the order asked for."""
    columns = ("id", "source_id", "source_version", "ordinal", "place", "text")
    found = {row[0]: Found(*row[1:]) for row in rows.filter(id__in=best).values_list(*columns)}
    return [found[one] for one in best if one in found]


def _cut(found: Sequence[Found], passages: int, characters: int) -> list[Found]:
    """Whole passages only; one that does not fit makes room for the next."""
    kept: list[Found] = []
    for one in found:
        if len(kept) < passages and len(one.text) <= characters:
            kept.append(one)
            characters -= len(one.text)
    return kept
