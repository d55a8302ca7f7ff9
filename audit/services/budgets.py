"""Budgets hold: the worst case of an answer is reserved before its model is asked, and settled once.

    reserved = reserve(run_id=…, owner=…, seconds=…, whose=…, worst=…)   None where no budget applies
    reserve_more(reserved, worst=…)                                       another turn of the same answer
    settle(reserved, uses)                                                what the provider counted
    release(reserved)                                                     no model was asked

One message to the main placement each, in a transaction of its own that holds each counter for that moment
only; settling joins the transaction of the answer's end where that is in the same database. What nobody
settles, because its owner died, is freed by `sweep_budgets`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from django.utils import timezone

from audit.budget_words import no_price, no_room
from audit.budgeting import Known, Rule, applying, forget, known, units
from audit.models import Budget, BudgetCounter, BudgetReservation
from audit.services import counting
from audit.services.counting import Share
from humana.kernel.errors import TooMany
from tenants.context import current_tenant
from tenants.db.refusals import FAILURES
from tenants.places import at_main
from tenants.statements import Statement, changed, insert, send
from tenants.transactions import before_commit, tenant_atomic

log = logging.getLogger(__name__)

Held = TypeVar("Held")
HELD, FREED = BudgetReservation.State.HELD, BudgetReservation.State.FREED


class OverBudget(TooMany):
    """A hard budget has no room. `retry_after` is when its next period begins; `rule` and `left` say which
    budget and how much it has, where one is short.
    """

    default_code = "over_budget"
    rule: Rule | None = None
    left: int = 0


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose budgets an answer counts against."""

    member_id: uuid.UUID | None
    team_id: uuid.UUID | None
    companion_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Use:
    """Tokens of one model, and their price; None is not known."""

    tokens: int
    cost: Decimal | None
    currency: str

    def counted_in(self, rule: Rule) -> int | None:
        """As this budget counts: tokens, or parts of its currency. None where it cannot be told."""
        if not rule.in_money:
            return self.tokens
        return None if self.cost is None else units(self.cost, self.currency, rule.currency)


#: What may come: parts that add up, each with what may answer there, of which the dearest counts.
Worst = Sequence[Sequence[Use]]


@dataclass(slots=True)
class Reserved:
    """What is held for one answer. It lives with whoever makes the answer, so that settling asks nobody."""

    run_id: uuid.UUID
    shares: dict[uuid.UUID, Share] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


def reserve(*, run_id: uuid.UUID, owner: str, seconds: int, whose: Whose, worst: Worst) -> Reserved | None:
    """Hold the worst case in every budget that applies, or nothing; None where none does.

    `owner` is who settles: once it no longer lives, or after `seconds`, the reservation is freed. Raises
    OverBudget, and what the main database raises where it is away.
    """
    return _again(lambda: _reserve(run_id, owner, seconds, whose, worst))


def reserve_more(reserved: Reserved, *, worst: Worst) -> None:
    """The same for another turn of an answer. Raises OverBudget; what is held so far stays held."""
    _again(lambda: _more(reserved, worst))


def settle(reserved: Reserved | None, uses: Sequence[Use]) -> None:
    """Count what was used, once, and give back the rest. In the transaction that is open, if that is in the
    main placement's database: as one of its last words, before the trail's.
    """
    if reserved is None:
        return
    here = current_tenant()
    with at_main() as main:
        try:
            before_commit(lambda: _settle(reserved, uses))
        except FAILURES:
            if main.placement.alias == here.placement.alias:
                raise
            log.exception(
                "not settled now; the sweep does it by the ledger", extra={"run": str(reserved.run_id)}
            )


def release(reserved: Reserved | None) -> None:
    """Give it all back: no model was asked."""
    settle(reserved, ())


def _again(act: Callable[[], Held]) -> Held:
    """Once more where a budget went or changed meanwhile: the process knew it a moment too long."""
    with at_main():
        try:
            return act()
        except _Changed:
            forget()
            counting.forget_seen()
            return act()


class _Changed(Exception):
    """A counter or a budget is not as this process knew it."""


class _Refused(Exception):
    def __init__(self, shares: Sequence[Share]) -> None:
        super().__init__()
        self.shares = shares


def _reserve(run_id: uuid.UUID, owner: str, seconds: int, whose: Whose, worst: Worst) -> Reserved | None:
    rules = applying(member_id=whose.member_id, team_id=whose.team_id, companion_id=whose.companion_id)
    if not rules:
        return None
    shares = _shares(rules, whose, worst)
    row = BudgetReservation(
        run_id=run_id,
        owner=owner[:120],
        until=timezone.now() + timedelta(seconds=seconds),
        shares=[one.kept() for one in shares],
    )
    _take(insert(row), shares, rules)
    return Reserved(run_id, {one.budget_id: one for one in shares}, rules)


def _more(reserved: Reserved, worst: Worst) -> None:
    more = [
        replace(reserved.shares[rule.id], amount=_worst(rule, worst))
        for rule in reserved.rules
        if rule.id in reserved.shares
    ]
    held = {one.budget_id: _sum(reserved.shares[one.budget_id], one) for one in more}
    kept = counting.keep(reserved.run_id, {"shares": [one.kept() for one in sorted(held.values())]})
    _take(kept, sorted(more), reserved.rules)
    reserved.shares = held


def _sum(held: Share, more: Share) -> Share:
    return replace(held, amount=held.amount + more.amount)


def _shares(rules: Sequence[Rule], whose: Whose, worst: Worst) -> list[Share]:
    today = known().today
    return sorted(
        Share(
            rule.id,
            rule.holder(whose.member_id),
            rule.starts(today),
            _worst(rule, worst),
            rule.hard,
        )
        for rule in rules
    )


def _worst(rule: Rule, worst: Worst) -> int:
    """Raises OverBudget where a hard budget in money cannot tell what it would cost."""
    total = 0
    for part in worst:
        counted = [one.counted_in(rule) for one in part]
        if None in counted and rule.hard:
            raise _without_price(rule)
        total += max((one for one in counted if one is not None), default=0)
    return total


def _take(row: Statement, shares: Sequence[Share], rules: Sequence[Rule]) -> None:
    counting.make_missing(shares)
    try:
        with tenant_atomic():
            results = send(row, *(counting.take(one) for one in shares))
            refused = [one for one, told in zip(shares, results[1:], strict=True) if not changed(told)]
            if refused:
                raise _Refused(refused)
    except _Refused as refusal:
        raise _over(refusal.shares, rules) from None


def _over(refused: Sequence[Share], rules: Sequence[Rule]) -> Exception:
    """Which budget has no room, as it stands now."""
    for share in refused:
        budget = Budget.objects.filter(id=share.budget_id).first()
        counter = counter_of(share)
        if budget is None or counter is None or not share.hard:
            return _Changed()
        rule = replace(next(one for one in rules if one.id == share.budget_id), amount=budget.amount)
        left = rule.amount - counter.used - counter.reserved
        return _without_room(rule, counter, left)
    return _Changed()


def counter_of(share: Share) -> BudgetCounter | None:
    """The counter as it stands, in the main placement."""
    rows = BudgetCounter.objects.filter(budget_id=share.budget_id, holder_id=share.holder_id)
    return rows.filter(starts_on=share.starts_on).first()


def _without_room(rule: Rule, counter: BudgetCounter, left: int) -> OverBudget:
    here = known()
    error = OverBudget(
        no_room(rule, used=counter.used + counter.reserved, here=here),
        retry_after=here.seconds_to(rule.ends(counter.starts_on)),
    )
    error.rule, error.left = rule, max(left, 0)
    return error


def _without_price(rule: Rule) -> OverBudget:
    here: Known = known()
    return OverBudget(no_price(rule), retry_after=here.seconds_to(rule.ends(here.today)), code="over_budget")


def _settle(reserved: Reserved, uses: Sequence[Use]) -> None:
    """Where it was freed already, as its owner seemed dead, what was used is counted all the same."""
    for state in (HELD, FREED):
        counted = [_counted(reserved, share, uses, state) for share in sorted(reserved.shares.values())]
        held, *_rest = send(
            counting.lock(reserved.run_id, state), *counted, counting.end(reserved.run_id, state)
        )
        if held:
            return


def _counted(reserved: Reserved, share: Share, uses: Sequence[Use], state: str) -> Statement:
    rule = next(one for one in reserved.rules if one.id == share.budget_id)
    counted = [one.counted_in(rule) for one in uses]
    unknown = None in counted
    used = sum(one for one in counted if one is not None)
    if unknown and rule.hard:
        used = max(used, share.amount)  # its price was known when it was reserved; so it is that at most
    return counting.settle(share, reserved.run_id, used, state=state, unpriced=int(unknown))
