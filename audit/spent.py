"""What was used, from the days' sums of every placement: for pages, files, and budgets that begin late."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from audit.budgeting import known, money, units
from audit.models import POT, UNITS, Budget, UsageDay
from tenants.config.snapshot import snapshot
from tenants.context import TenantContext, current_tenant
from tenants.places import gather

NUMBERS = ("answers", "input_tokens", "output_tokens", "estimated_tokens", "cost", "unpriced")
#: What sums are told by.
BY = {"day": "day", "companion": "companion_id", "member": "member_id", "model": "model", "team": "team_id"}


@dataclass(slots=True)
class Spent:
    """Sums of a stretch of time. `costs` is by currency, in parts of it; unpriced answers are not in it."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    estimated_tokens: int = 0
    unpriced: int = 0
    costs: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens + self.estimated_tokens

    @property
    def money(self) -> list[tuple[str, Decimal]]:
        """By currency, the largest first; what cost nothing is left out."""
        found = [(one, money(parts)) for one, parts in self.costs.items() if parts]
        return sorted(found, key=lambda pair: -pair[1])

    def add(self, row: Mapping[str, Any]) -> None:
        for name in ("answers", "input_tokens", "output_tokens", "estimated_tokens", "unpriced"):
            setattr(self, name, getattr(self, name) + (row[name] or 0))
        self.costs[row["currency"]] += row["cost"] or 0


@dataclass(frozen=True, slots=True)
class Told:
    """Sums by one of `BY`, and the placements that did not answer."""

    by: dict[Any, Spent]
    silent: list[TenantContext]

    @property
    def whole(self) -> Spent:
        return total(self.by.values())


def days() -> QuerySet[UsageDay]:
    """The days' sums of the placement we are in; who may see them is the caller's to ask."""
    return UsageDay.objects.order_by("-day", "-id")


def spent_by(by: str, first: date, last: date, **where: Any) -> Told:
    """The sums of these days, both included, in every placement; whom to let see them, the caller judges."""
    column = BY[by]

    def read() -> list[dict[str, Any]]:
        rows = UsageDay.objects.filter(day__gte=first, day__lte=last, **where)
        return list(_summed(rows, column))

    gathered = gather(read)
    found: dict[Any, Spent] = defaultdict(Spent)
    for row in gathered.found:
        found[row[column]].add(row)
    return Told(dict(found), gathered.silent)


def spent_here(companion_id: uuid.UUID) -> Spent:
    """By one companion this month, where it lives."""
    today = known().today
    rows = UsageDay.objects.filter(companion_id=companion_id, day__gte=today.replace(day=1))
    found = Spent()
    for row in _summed(rows, "companion_id"):
        found.add(row)
    return found


def total(parts: Iterable[Spent]) -> Spent:
    whole = Spent()
    for one in parts:
        for currency, cost in one.costs.items():
            whole.costs[currency] += cost
        for name in ("answers", "input_tokens", "output_tokens", "estimated_tokens", "unpriced"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
    return whole


def so_far(budget: Budget) -> dict[uuid.UUID, int]:
    """What was used of a budget that is about to begin in a period that has begun, by holder."""
    here = known()
    first = here.today.replace(day=1) if budget.period == Budget.Period.MONTH else here.today
    told = spent_by("member" if budget.each else "day", first, here.today, **_of(budget))
    found: dict[uuid.UUID, int] = defaultdict(int)
    for key, spent in told.by.items():
        if budget.each and key is None:
            continue
        found[key if budget.each else POT] += _counted(budget, spent)
    return dict(found)


def _counted(budget: Budget, spent: Spent) -> int:
    if budget.unit == Budget.Unit.TOKENS:
        return spent.tokens
    return sum(
        units(Decimal(parts) / UNITS, currency, budget.currency) or 0
        for currency, parts in spent.costs.items()
    )


def _of(budget: Budget) -> dict[str, Any]:
    if budget.scope == Budget.Scope.TEAM:
        return {"team_id__in": below(budget.subject_id)}
    if budget.scope == Budget.Scope.ORGANIZATION:
        return {}
    return {f"{budget.scope}_id": budget.subject_id}


def below(team_id: uuid.UUID | None) -> set[uuid.UUID]:
    """The team and every team that is part of it."""
    above = snapshot(current_tenant().organization_id).above
    found = {team_id} - {None}
    while more := {one for one, parent in above.items() if parent in found} - found:
        found |= more
    return found  # type: ignore[return-value]


def _summed(rows: QuerySet[UsageDay], column: str) -> QuerySet[UsageDay, dict[str, Any]]:
    sums = {name: Sum(name) for name in NUMBERS}
    return rows.order_by().values(column, "currency").annotate(**sums)
