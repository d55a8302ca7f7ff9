"""Lines of the usage ledger: what a model used, for whom, and what that costs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from audit.models import UsageEvent
from audit.services.budgets import Use
from audit.services.ledger import written
from byoc import gateway
from byoc.contracts import ModelCard, Usage
from byoc.pricing import CURRENCY, Price, price_of
from chats.plans import Outcome
from humana.kernel.models import new_id
from tenants.statements import Statement, send


def usage_lines(
    companion_id: uuid.UUID,
    member_id: uuid.UUID,
    answered: ModelCard,
    outcome: Outcome,
    price: Price | None,
    run_id: uuid.UUID,
    team_id: uuid.UUID | None = None,
    guess: Use | None = None,
) -> tuple[Statement, ...]:
    """The line and its day. `answered` is the model that was really asked; `outcome.state` what it was for,
    or how it ended; `guess` what budgets took where the provider did not count.
    """
    line = UsageEvent(
        run_id=run_id,
        companion_id=companion_id,
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
        estimated_tokens=guess.tokens if guess else None,
        estimated_cost=guess.cost if guess and guess.cost is not None else None,
        first_token_ms=outcome.first_token_ms,
        total_ms=outcome.total_ms,
        outcome=outcome.state,
    )
    if guess is not None and price is None:
        line.currency = guess.currency
    return written(line, team_id)


def note_use(
    companion_id: uuid.UUID,
    member_id: uuid.UUID,
    endpoint: ModelCard,
    outcome: Outcome,
    run_id: uuid.UUID | None = None,
    team_id: uuid.UUID | None = None,
) -> None:
    """Write it down, of what no run belongs to; `run_id` is what other lines about it name it by."""
    answered = gateway.answered_by(endpoint, outcome.answered_by)
    price = priced(answered, outcome)
    send(*usage_lines(companion_id, member_id, answered, outcome, price, run_id or new_id(), team_id))


def note_judging(
    companion_id: uuid.UUID,
    member_id: uuid.UUID,
    judge: ModelCard | None,
    judged: Sequence[Usage | None],
    team_id: uuid.UUID | None = None,
) -> None:
    """What the judge of topics used, where it was asked: a line of its own, which belongs to no run."""
    if judge is not None and judged:
        note_use(companion_id, member_id, judge, _spent_judging(judged), team_id=team_id)


def _spent_judging(judged: Sequence[Usage | None]) -> Outcome:
    """All that the judge used for one answer; not known where it once did not say."""
    spent = Outcome(state="judged")
    if None not in judged:
        spent.input_tokens = sum(one.input_tokens for one in judged if one)
        spent.output_tokens = sum(one.output_tokens for one in judged if one)
    return spent


def priced(endpoint: ModelCard, outcome: Outcome) -> Price | None:
    """None where the price is not known, or what was used is not: neither is free."""
    if outcome.input_tokens is None:
        return price_of(endpoint, None)
    usage = Usage(outcome.input_tokens, outcome.output_tokens or 0, outcome.cached_tokens or 0)
    return price_of(endpoint, usage)
