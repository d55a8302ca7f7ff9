"""Vectors of passages, from a model that may cost something: under the organization's budgets.

No member asked for them, so what counts is the budgets of the whole organization.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.services.budgets import OverBudget, Whose
from audit.services.vectors import VectorRoom, hold_vectors, is_free
from byoc import gateway
from byoc.contracts import EmbeddingAdapter, Embeddings
from documents.meaning import vectors_of
from humana.kernel.errors import EndpointError
from humana.kernel.ports import living_owner

#: What it is called where a budget has no room.
OVER_BUDGET = "over_budget"
#: A reservation whose worker lives ends after this all the same, in seconds.
LONGEST = 1_800
ALL = Whose(None, None, None)


def metered_vectors(texts: Sequence[str]) -> Embeddings:
    """As `vectors_of`, counted. EndpointError with the code OVER_BUDGET where there is no room."""
    adapter = gateway.embedding()
    if is_free(adapter.spec):
        return vectors_of(texts)
    with living_owner() as owner:
        room = _room(adapter, texts, owner)
        try:
            found = vectors_of(texts)
        except BaseException:
            room.release()
            raise
        room.settle(found)
    return found


def _room(adapter: EmbeddingAdapter, texts: Sequence[str], owner: str) -> VectorRoom:
    try:
        return hold_vectors(adapter, texts, whose=ALL, owner=owner, seconds=LONGEST)
    except OverBudget as refusal:
        raise EndpointError(str(refusal), permanent=True, code=OVER_BUDGET) from None
