"""Vectors are under the budgets too: their worst case is held before a model is asked, settled once.

    room = hold_vectors(adapter, texts, …)     raises OverBudget; free models are never refused
    room.settle(found)                         the ledger's line and the budgets' counters
    room.release()                             nothing was used

A model of ours, in this process, costs nothing: it is not counted against any budget.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from audit.models import UsageEvent
from audit.services.budgets import Reserved, Use, Whose, release, reserve, settle
from audit.services.ledger import NOBODY, written
from audit.tokens import CHARACTERS_PER_TOKEN, tokens_of
from byoc.contracts import EmbeddingAdapter, Embeddings, EndpointSpec, ModelCard, Usage
from byoc.pricing import CURRENCY, Price, price_of
from humana.kernel.models import new_id
from tenants.statements import Statement, insert, send
from tenants.transactions import tenant_atomic

EMBEDDED = "embedded"
#: What a text may have beside its own: the endpoint's prefix for passages or questions.
PREFIX_TOKENS = 16


@dataclass(slots=True)
class VectorRoom:
    """What is held for the vectors of these texts; used up by the first word said of it."""

    card: ModelCard
    texts: Sequence[str]
    whose: Whose
    run_id: uuid.UUID
    reserved: Reserved | None = None

    def settle(self, found: Embeddings | None) -> None:
        """What the provider counted, else our estimate: also where nobody heard its answer (None)."""
        counted = found.input_tokens if found else None
        tokens = counted_or_guessed(found, self.texts)
        price = price_of(self.card, Usage(tokens, 0))
        line = _line(self, found.model if found else self.card.model, tokens, price)
        if counted is None:
            line.input_tokens, line.estimated_tokens = None, tokens
            line.cost, line.estimated_cost = None, line.cost
        with tenant_atomic():
            send(*_written(line, self))
            settle(self.reserved, [_use(price, tokens)])
        self.reserved = None

    def release(self) -> None:
        release(self.reserved)
        self.reserved = None


def hold_vectors(
    adapter: EmbeddingAdapter, texts: Sequence[str], *, whose: Whose, owner: str, seconds: int
) -> VectorRoom:
    """Room for these vectors, which `owner` settles within so many seconds. Raises OverBudget."""
    room = VectorRoom(card_of(adapter.spec), texts, whose, new_id())
    if is_free(adapter.spec):
        return room
    most = sum(tokens_of(one) + PREFIX_TOKENS for one in texts)
    worst = [[_use(price_of(room.card, Usage(most, 0)), most)]]
    held = reserve(run_id=room.run_id, owner=owner, seconds=seconds, whose=whose, worst=worst)
    return replace(room, reserved=held)


def is_free(spec: EndpointSpec) -> bool:
    """Whether it is the model in this process."""
    return spec.builtin


def card_of(spec: EndpointSpec) -> ModelCard:
    """What prices it."""
    return ModelCard(
        name=spec.name, model=spec.model, builtin=spec.builtin, owner=spec.owner, max_output_tokens=None,
        context_tokens=None, type=spec.type, priced_as=spec.model, prices=spec.options.get("prices", {}),
    )  # fmt: skip


def counted_or_guessed(found: Embeddings | None, texts: Sequence[str]) -> int:
    """As counted by the provider; an estimate where nobody counted."""
    if found is not None and found.input_tokens is not None:
        return found.input_tokens
    return sum(map(len, texts)) // CHARACTERS_PER_TOKEN + len(texts)


def _use(price: Price | None, tokens: int) -> Use:
    return Use(tokens, price.amount if price else None, price.currency if price else CURRENCY)


def _line(room: VectorRoom, model: str, tokens: int, price: Price | None) -> UsageEvent:
    return UsageEvent(
        run_id=room.run_id,
        companion_id=room.whose.companion_id or NOBODY,
        member_id=room.whose.member_id or NOBODY,
        endpoint=room.card.name,
        model=model,
        input_tokens=tokens,
        output_tokens=0,
        cost=price.amount if price else None,
        currency=price.currency if price else CURRENCY,
        price_source=price.source if price else "",
        price_version=price.version if price else "",
        outcome=EMBEDDED,
    )


def _written(line: UsageEvent, room: VectorRoom) -> tuple[Statement, ...]:
    """What is free stands in the ledger, and not among what budgets that begin late would count."""
    return (insert(line),) if room.card.builtin else written(line, room.whose.team_id)
