"""Lines of the usage ledger for what no run belongs to: companions that ask each other, judges, titles."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from audit.models import UsageEvent
from byoc import gateway
from byoc.contracts import ModelCard, Usage
from byoc.pricing import CURRENCY
from chats.plans import Outcome
from chats.services.runs import priced, spent_judging
from companions.models import Companion
from humana.kernel.models import new_id


def note_use(
    companion: Companion,
    member_id: uuid.UUID,
    endpoint: ModelCard,
    outcome: Outcome,
    run_id: uuid.UUID | None = None,
) -> None:
    """What a model used; `outcome.state` is what the ledger says that it was for, or how it ended.

    `run_id` is what other lines about the same answer name it by.
    """
    answered = gateway.answered_by(endpoint, outcome.answered_by)
    price = priced(answered, outcome)
    event = UsageEvent(
        run_id=run_id or new_id(),
        companion_id=companion.id,
        member_id=member_id,
        endpoint=answered.name,
        model=answered.model,
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
        cached_tokens=outcome.cached_tokens,
        cost=price.amount if price else None,
        currency=price.currency if price else CURRENCY,
        price_source=price.source if price else "",
        price_version=price.version if price else "",
        total_ms=outcome.total_ms,
        outcome=outcome.state,
    )
    event.save(force_insert=True)


def note_judging(
    companion: Companion, member_id: uuid.UUID, judge: ModelCard | None, judged: Sequence[Usage | None]
) -> None:
    """What the judge of topics used, where it was asked."""
    if judge is not None and judged:
        note_use(companion, member_id, judge, spent_judging(judged))
