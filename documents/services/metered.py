"""Vectors from a model that may cost something: under the organization's budgets.

Passages are asked for by no member, so what counts is the budgets of the whole organization; a question's
vector counts for whoever asks it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.services.budgets import OverBudget, Whose
from audit.services.vectors import VectorRoom, hold_vectors, is_free
from byoc import gateway
from byoc.contracts import EmbeddingAdapter, Embeddings, TextKind
from documents.meaning import PATIENCE, vectors_of
from humana.kernel.errors import EndpointError
from humana.kernel.ports import living_owner

log = logging.getLogger(__name__)

#: What it is called where a budget has no room.
OVER_BUDGET = "over_budget"
#: A reservation whose worker lives ends after this all the same, in seconds; that of a question sooner.
LONGEST, LONGEST_QUESTION = 1_800, 60
ALL = Whose(None, None, None)


@dataclass(slots=True)
class Asker:
    """For whom a question is looked up; `over_budget` says afterwards that its meaning had no room.

    What it was told is known to it, so that looking in several places costs, or waits, once.
    """

    whose: Whose = ALL
    over_budget: bool = False
    told: dict[tuple[str, str], Embeddings | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Texts, and how they are asked for."""

    texts: Sequence[str]
    kind: TextKind = "passage"
    model: str = ""
    seconds: float | None = None


def metered_vectors(texts: Sequence[str]) -> Embeddings:
    """As `vectors_of`, counted. EndpointError with the code OVER_BUDGET where there is no room."""
    return _metered(_Wanted(texts), ALL, LONGEST)


def metered_question(text: str, model: str, asker: Asker) -> Embeddings | None:
    """The question's; None where there is none to be had, which is no reason not to answer: neither is a
    budget without room.
    """
    if (text, model) not in asker.told:
        asker.told[text, model] = _question(text, model, asker)
    return asker.told[text, model]


def _question(text: str, model: str, asker: Asker) -> Embeddings | None:
    try:
        return _metered(_Wanted([text], "query", model, PATIENCE), asker.whose, LONGEST_QUESTION)
    except EndpointError as error:
        asker.over_budget = asker.over_budget or error.code == OVER_BUDGET
        log.info("a question is looked up by its words alone", extra={"error": error.code})
        return None


def _metered(wanted: _Wanted, whose: Whose, longest: int) -> Embeddings:
    adapter = gateway.embedding(wanted.model)
    if is_free(adapter.spec):
        return _asked(wanted)
    with living_owner() as owner:
        room = _room(adapter, wanted.texts, whose, owner, longest)
        try:
            found = _asked(wanted)
        except BaseException:
            room.release()
            raise
        room.settle(found)
    return found


def _asked(wanted: _Wanted) -> Embeddings:
    return vectors_of(wanted.texts, wanted.kind, seconds=wanted.seconds, model=wanted.model)


def _room(
    adapter: EmbeddingAdapter, texts: Sequence[str], whose: Whose, owner: str, seconds: int
) -> VectorRoom:
    try:
        return hold_vectors(adapter, texts, whose=whose, owner=owner, seconds=seconds)
    except OverBudget as refusal:
        raise EndpointError(str(refusal), permanent=True, code=OVER_BUDGET) from None
