"""What a person is told of budgets before a question is sent, and why one cannot be sent.

hint_for(member, companion_id)          quiet words for the composer; None where no budget applies
refuse_where_spent(member, companion_id)  raises OverBudget where a hard one has nothing left
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from audit.budget_words import no_room, percent, priced
from audit.budgeting import Rule, applying, known
from audit.models import BudgetCounter
from audit.services.budgets import OverBudget
from audit.spent import Spent, spent_here
from tenants.models import Membership
from tenants.places import at_main

#: A budget that is used to this percentage is named in the composer as nearly used.
NEAR = 80
#: Tokens are told in round numbers: to this many figures.
FIGURES = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget as it stands for one member."""

    rule: Rule
    used: int
    reserved: int

    @property
    def taken(self) -> int:
        return self.used + self.reserved

    @property
    def left(self) -> int:
        return max(0, self.rule.amount - self.taken)

    @property
    def percent_left(self) -> int:
        return max(0, 100 - percent(self.taken, self.rule.amount))

    @property
    def percent_used(self) -> int:
        return min(100, percent(self.taken, self.rule.amount))


@dataclass(frozen=True, slots=True)
class Hint:
    """`tokens` and `cost` are of a usual answer of this companion, where there were some this month; `left`
    is the percentage of the budget that has the least. `spent` says why nothing can be sent.
    """

    left: int
    month: bool
    hard: bool
    tokens: int | None = None
    cost: str = ""
    spent: str = ""

    @property
    def near(self) -> bool:
        return self.left <= 100 - NEAR


def hint_for(member: Membership, companion_id: uuid.UUID | None) -> Hint | None:
    """Where the companion lives; asks nobody where no budget applies."""
    standing = standings(member, companion_id)
    if not standing:
        return None
    least = min(standing, key=lambda one: (one.percent_left, not one.rule.hard))
    blocking = _spent(standing)
    usual = spent_here(companion_id) if companion_id else Spent()
    return Hint(
        left=least.percent_left,
        month=least.rule.period == "month",
        hard=least.rule.hard,
        tokens=_round(usual.tokens // usual.answers) if usual.answers else None,
        cost=_cost(usual),
        spent=_why(blocking) if blocking else "",
    )


def refuse_where_spent(member: Membership, companion_id: uuid.UUID | None) -> None:
    """Before a question is saved that could not be answered anyway. Whether there is room for a whole answer
    is judged when it is made.
    """
    blocking = _spent(standings(member, companion_id))
    if blocking is not None:
        here = known()
        raise OverBudget(_why(blocking), retry_after=here.seconds_to(blocking.rule.ends(here.today)))


def standings(member: Membership, companion_id: uuid.UUID | None) -> list[Standing]:
    """The budgets that an answer to this member counts against, as they stand now."""
    rules = applying(member_id=member.id, team_id=member.team_id, companion_id=companion_id)
    if not rules:
        return []
    today = known().today
    keys = {(one.id, one.holder(member.id), one.starts(today)): one for one in rules}
    with at_main():
        rows = BudgetCounter.objects.filter(
            budget_id__in=[one.id for one in rules],
            holder_id__in={holder for _id, holder, _day in keys},
            starts_on__in={day for _id, _holder, day in keys},
        ).values_list("budget_id", "holder_id", "starts_on", "budget__amount", "used", "reserved")
        found = {row[:3]: row[3:] for row in rows}
    return [_stands(rule, found.get(key)) for key, rule in keys.items()]


def _stands(rule: Rule, row: tuple[int, int, int] | None) -> Standing:
    """With the limit as it is now, which may be newer than what the process knows."""
    if row is None:
        return Standing(rule, 0, 0)
    amount, used, reserved = row
    return Standing(replace(rule, amount=amount), used, reserved)


def _spent(standing: Sequence[Standing]) -> Standing | None:
    return next((one for one in standing if one.rule.hard and one.left == 0), None)


def _why(one: Standing) -> str:
    return no_room(one.rule, used=one.taken, here=known())


def _round(tokens: int) -> int:
    return round(tokens, FIGURES - len(str(tokens)))


def _cost(usual: Spent) -> str:
    """Of one answer; empty where it is not known, or nothing."""
    told = usual.money
    if not usual.answers or len(told) != 1 or usual.unpriced:
        return ""
    currency, amount = told[0]
    return priced(amount / Decimal(usual.answers), currency)
