"""What each member has for themselves: they are told how far it is used, others only how many are.

nearly_spent(member, companion_id)  what a page tells; nothing that the member put away
put_away(member, companion_id)      the member has read it: not told again in this period
tell_of_allowances()                whoever looks after budgets hears once of each threshold, with a number
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.utils.translation import override

from audit.budget_names import title_of
from audit.budget_words import percent
from audit.budgeting import Rule, applying, known
from audit.models import POT, Budget, BudgetCounter
from byoc.services.notices import tell
from tenants.context import current_tenant
from tenants.models import Membership, Organization
from tenants.places import at_main
from tenants.scoping import locked
from tenants.transactions import control_atomic, tenant_atomic

#: What is used up is at this threshold, in percent.
ALL = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One allowance of a member that is nearly used, or used up, as it stands now."""

    rule: Rule
    counter_id: uuid.UUID
    percent: int
    reached: int

    @property
    def spent(self) -> bool:
        return self.reached >= ALL


def nearly_spent(member: Membership, companion_id: uuid.UUID | None = None) -> list[Told]:
    """Those that the member has not put away, the fullest first; that of one companion only where it is the
    one that is asked. Asks nobody where there is no allowance.
    """
    return sorted(_unseen(member, companion_id), key=lambda one: -one.percent)


def put_away(member: Membership, companion_id: uuid.UUID | None = None) -> None:
    """What is told now is not told again in its period, unless more of it is used, or its limit changed."""
    with at_main(), tenant_atomic():
        for one in _unseen(member, companion_id):
            BudgetCounter.objects.filter(id=one.counter_id, seen__lt=one.reached).update(seen=one.reached)


def _unseen(member: Membership, companion_id: uuid.UUID | None) -> Iterator[Told]:
    rules = {one.id: one for one in _allowances(member, companion_id)}
    if not rules:
        return
    today = known().today
    with at_main():
        rows = BudgetCounter.objects.filter(
            budget_id__in=rules,
            holder_id=member.id,
            starts_on__in={one.starts(today) for one in rules.values()},
        )
        found = list(_near(rows).filter(seen__lt=ALL).select_related("budget"))
    for row in found:
        rule, full = rules[row.budget_id], percent(row.used, row.budget.amount)
        reached = ALL if full >= ALL else row.budget.warn_at
        if row.starts_on == rule.starts(today) and full >= reached > row.seen:
            yield Told(rule, row.id, min(full, ALL), reached)


def _allowances(member: Membership, companion_id: uuid.UUID | None) -> list[Rule]:
    rules = applying(member_id=member.id, team_id=member.team_id, companion_id=companion_id)
    return [one for one in rules if one.each]


def _near(rows: QuerySet[BudgetCounter]) -> QuerySet[BudgetCounter]:
    return rows.filter(
        Q(used__gte=F("budget__amount") * F("budget__warn_at") / 100) | Q(used__gte=F("budget__amount"))
    )


def tell_of_allowances() -> None:
    """In one organization, in its main placement; a threshold is told with the first that reach it."""
    for rule in known().rules:
        if rule.each:
            for reached in (ALL, rule.warn_at):
                _tell(rule, reached)


def _tell(rule: Rule, reached: int) -> None:
    rows = BudgetCounter.objects.filter(budget_id=rule.id, starts_on=rule.starts(known().today))
    rows = rows.exclude(holder_id=POT)
    over = rows.filter(used__gte=_most(rule, reached), told__lt=reached)
    if not over.exists():
        return
    with control_atomic(), tenant_atomic():
        same = Budget.objects.filter(id=rule.id, amount=rule.amount, warn_at=rule.warn_at)
        if locked(same).first() is None:
            return  # it was changed or removed meanwhile: the next round knows it
        first = not rows.filter(told__gte=reached).exists()
        # Found first, then changed by their keys: MariaDB would hold all that it looks at until the end.
        found = list(over.values_list("id", flat=True))
        members = rows.filter(id__in=found, told__lt=reached).update(told=reached)
        if first and members:
            _write(rule, reached, members)


def _most(rule: Rule, reached: int) -> int:
    """From which use on it is told: the first whole part that makes so many percent."""
    return -(-rule.amount * reached // 100)


def _write(rule: Rule, reached: int, members: int) -> None:
    organization_id = current_tenant().organization_id
    language = Organization.objects.values_list("language", flat=True).get(id=organization_id)
    with override(language):
        facts = {"budget": title_of(rule), "percent": str(reached), "members": str(members)}
    event = "allowance.spent" if reached >= ALL else "allowance.nearly_spent"
    tell(organization_id, event, facts, permission="audit.budgets")
