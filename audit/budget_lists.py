"""Budgets as pages, API and console show them: each with how full it is, and whom a new one would concern."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.utils.translation import gettext as _

from audit.budget_names import Names, names, title_of
from audit.budget_words import percent
from audit.budgeting import Rule, known, units
from audit.models import AuditEntry, Budget, BudgetCounter
from audit.permissions import SEE_BUDGETS
from audit.spent import below, so_far
from byoc import gateway
from byoc.contracts import Usage
from byoc.pricing import CURRENCY, price_of
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import require
from tenants.places import at_main

#: How many changes of a budget its page lists.
HISTORY = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A budget and its present period. Of an allowance, `used` and `reserved` are those of the fullest
    member, and `holders` says how many used any of it.
    """

    budget: Budget
    title: str
    used: int = 0
    reserved: int = 0
    holders: int = 0
    unpriced: int = 0

    @property
    def rule(self) -> Rule:
        return rule_of(self.budget)

    @property
    def percent(self) -> int:
        return percent(self.used, self.budget.amount)

    @property
    def set_aside(self) -> int:
        """Used and reserved, in percent, as a bar shows it."""
        return min(100, percent(self.used + self.reserved, self.budget.amount))

    @property
    def state(self) -> str:
        """ "full", "near", or empty."""
        if self.percent >= 100:
            return "full"
        return "near" if self.percent >= self.budget.warn_at else ""


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a budget would mean now: how many members, what they used, and models without a price."""

    members: int
    used: int
    percent: int
    unpriced: tuple[str, ...] = ()


def rule_of(budget: Budget) -> Rule:
    from audit.budgeting import FIELDS

    return Rule(*(getattr(budget, name) for name in FIELDS))


def budgets(*, member: Membership) -> QuerySet[Budget]:
    """All of the organization's, the oldest first. Raises NotAllowed without the permission."""
    require(member, SEE_BUDGETS.name)
    return Budget.objects.order_by("created_at", "id")


def count_budgets(scope: str, subject_id: uuid.UUID) -> int:
    """How many there are for a team, a member or a companion; where budgets are kept."""
    return Budget.objects.filter(scope=scope, subject_id=subject_id).count()


def budgets_named(ids: Sequence[uuid.UUID]) -> list[Budget]:
    """In their order."""
    found = Budget.objects.in_bulk(ids)
    return [found[one] for one in ids if one in found]


def access_budget(*, member: Membership, budget_id: uuid.UUID) -> Budget:
    with at_main():
        found = budgets(member=member).filter(id=budget_id).first()
    if found is None:
        raise NotFound(_("There is nothing here."))
    return found


def listed(*, member: Membership) -> list[Listed]:
    """Each as it stands now, the fullest first."""
    with at_main():
        rows = list(budgets(member=member))
        found = standing(rows, names())
    return sorted(found, key=lambda one: -one.set_aside)


def standing(rows: Iterable[Budget], known_names: Names) -> list[Listed]:
    """Where the budgets are."""
    rows = list(rows)
    today = known().today
    days = {one.id: rule_of(one).starts(today) for one in rows}
    counters = BudgetCounter.objects.filter(budget_id__in=days, starts_on__in=set(days.values())).order_by()
    sums = counters.values("budget_id", "starts_on").annotate(
        most=Max("used"), held=Max("reserved"), many=Count("id"), without=Sum("unpriced")
    )
    now = {one["budget_id"]: one for one in sums if one["starts_on"] == days[one["budget_id"]]}
    return [_listed(one, title_of(one, known_names), now.get(one.id)) for one in rows]


def _listed(budget: Budget, title: str, told: Mapping[str, Any] | None) -> Listed:
    if told is None:
        return Listed(budget, title)
    return Listed(budget, title, told["most"], told["held"], told["many"], told["without"])


def history(budget: Budget) -> list[AuditEntry]:
    """What was changed of it, the latest first: lines of the trail."""
    with at_main():
        rows = AuditEntry.objects.filter(resource_type="budget", resource_id=str(budget.id))
        return list(rows.order_by("-sequence")[:HISTORY])


def concerned(budget: Budget) -> Concerned:
    """Before it is made. Of an allowance, `used` is what the one who used the most of it did."""
    used = max(so_far(budget).values(), default=0)
    return Concerned(
        members=_members(budget),
        used=used,
        percent=percent(used, budget.amount),
        unpriced=_unpriced(budget) if budget.unit == Budget.Unit.MONEY else (),
    )


def _members(budget: Budget) -> int:
    rows = Membership.objects.filter(organization_id=current_tenant().organization_id)
    if budget.scope == Budget.Scope.TEAM:
        rows = rows.filter(team_id__in=below(budget.subject_id))
    if budget.scope == Budget.Scope.MEMBER and budget.subject_id is not None:
        rows = rows.filter(id=budget.subject_id)
    return rows.count()


def _unpriced(budget: Budget) -> tuple[str, ...]:
    """Models that a hard budget in money would keep from answering."""
    found = []
    for card in gateway.offered():
        price = price_of(card, Usage(1_000, 1_000))
        counted = price and units(price.amount, price.currency or CURRENCY, budget.currency)
        if counted is None:
            found.append(card.name)
    return tuple(found)
