"""Budgets are made, changed and removed; every change is a line of the trail.

What a budget is for, its unit and its period stay: with others it would be another one, with another history.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from audit.budget_names import names, title_of
from audit.budgeting import budgets_changed, known, money
from audit.models import UNITS, Budget, BudgetCounter
from audit.permissions import BUDGETS
from audit.spent import so_far
from humana.kernel.errors import Conflict, Invalid, NotFound, StaleVersion
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership, PendingWork
from tenants.permissions import require
from tenants.places import at_main
from tenants.services.pending import mark_pending
from tenants.transactions import tenant_atomic

#: Budgets of one organization.
MOST = 500
#: The largest limits: in tokens, and in the currency.
MOST_TOKENS, MOST_MONEY = 10**15, 10**8
#: What can be changed afterwards.
CHANGEABLE = ("amount", "hard", "warn_at")


@dataclass(frozen=True, slots=True)
class Wish:
    """A budget as somebody wants it; `amount` is in tokens, or in the organization's currency."""

    scope: str
    unit: str
    period: str
    amount: Decimal
    subject_id: uuid.UUID | None = None
    each: bool = False
    hard: bool = True
    warn_at: int = 80


def make_budget(*, member: Membership, wish: Wish) -> Budget:
    """A new one; what was used in its period already counts. Invalid says what to change."""
    require(member, BUDGETS.name)
    with at_main():
        row = checked(wish)
        used = so_far(row)
        with tenant_atomic():
            _room_for_one_more(row)
            row.save(force_insert=True)
            BudgetCounter.objects.bulk_create(
                BudgetCounter(budget=row, holder_id=holder, starts_on=_starts(row), used=amount)
                for holder, amount in used.items()
            )
            mark_pending(current_tenant().organization_id, PendingWork.Kind.BUDGET)
            _announce("made", row)
    return row


def change_budget(
    *, member: Membership, budget: Budget, version: int | None = None, wanted: Mapping[str, Any]
) -> Budget:
    """Change its limit, whether it refuses, or when it warns; it holds at once."""
    require(member, BUDGETS.name)
    with at_main(), tenant_atomic():
        row = Budget.objects.select_for_update().filter(id=budget.id).first()
        if row is None:
            raise NotFound(_("There is nothing here."))
        if version is not None and version != row.version:
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        before = _told(row)
        _apply(row, wanted)
        if _told(row) != before:
            row.version += 1
            row.save()
            BudgetCounter.objects.filter(budget=row).update(told=0, seen=0)
            _announce("changed", row, before=before)
    return row


def remove_budget(*, member: Membership, budget: Budget, version: int | None = None) -> None:
    """It limits nothing any more; what was used stays in the ledger."""
    require(member, BUDGETS.name)
    with at_main(), tenant_atomic():
        row = Budget.objects.select_for_update().filter(id=budget.id).first()
        if row is None:
            raise NotFound(_("There is nothing here."))
        if version is not None and version != row.version:
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        _announce("removed", row)
        BudgetCounter.objects.filter(budget=row).delete()
        row.delete()


def checked(wish: Wish) -> Budget:
    """The row that it would be, not saved. Raises Invalid."""
    for field, choices in (("scope", Budget.Scope), ("unit", Budget.Unit), ("period", Budget.Period)):
        if getattr(wish, field) not in choices.values:
            raise Invalid(
                _("Choose one of: %(values)s.") % {"values": ", ".join(choices.values)}, field=field
            )
    in_money = wish.unit == Budget.Unit.MONEY
    row = Budget(
        scope=wish.scope,
        subject_id=_subject(wish),
        unit=wish.unit,
        currency=known().currency if in_money else "",
        period=wish.period,
        each=wish.each,
    )
    if wish.each and wish.scope == Budget.Scope.MEMBER:
        raise Invalid(_("A member's own budget is shared with nobody."), field="each")
    _apply(row, {"amount": wish.amount, "hard": wish.hard, "warn_at": wish.warn_at})
    return row


def _apply(row: Budget, wanted: Mapping[str, Any]) -> None:
    for name in wanted:
        if name not in CHANGEABLE:
            raise Invalid(_("This cannot be changed: make another budget instead."), field=name)
    if "amount" in wanted:
        row.amount = _amount(wanted["amount"], in_money=row.unit == Budget.Unit.MONEY)
    if "warn_at" in wanted:
        row.warn_at = _warning(wanted["warn_at"])
    if "hard" in wanted:
        row.hard = bool(wanted["hard"])


def _amount(value: Any, *, in_money: bool) -> int:
    """In what is counted: tokens or parts of money."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite() or number <= 0:
        raise Invalid(_("The limit is a number above zero."), field="amount")
    if not in_money:
        if number != int(number) or number > MOST_TOKENS:
            raise Invalid(_("Tokens are counted whole, up to a thousand million million."), field="amount")
        return int(number)
    if number > MOST_MONEY or number != round(number, 2):
        raise Invalid(_("Money has two decimals at most, and is at most a hundred million."), field="amount")
    return int(number * UNITS)


def _warning(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 99:
        raise Invalid(_("Warn from 1 to 99 percent."), field="warn_at")
    return value


def _subject(wish: Wish) -> uuid.UUID | None:
    if wish.scope == Budget.Scope.ORGANIZATION:
        return None
    known_names = names()
    ours = {"team": known_names.teams, "member": known_names.members, "companion": known_names.companions}
    if wish.subject_id not in ours[wish.scope]:
        raise Invalid(_("Choose whom it is for."), field=f"{wish.scope}_id", code="unknown_subject")
    return wish.subject_id


def _room_for_one_more(row: Budget) -> None:
    if Budget.objects.count() >= MOST:
        raise Conflict(_("There are %(limit)d budgets already.") % {"limit": MOST}, code="too_many_budgets")
    same = Budget.objects.filter(
        scope=row.scope, subject_id=row.subject_id, unit=row.unit, period=row.period, each=row.each
    )
    if same.exists():
        message = _("There is a budget for this already: change its limit instead.")
        raise Conflict(message, code="budget_exists")


def _starts(row: Budget) -> Any:
    today = known().today
    return today.replace(day=1) if row.period == Budget.Period.MONTH else today


def _told(row: Budget) -> dict[str, Any]:
    """As the trail says it."""
    amount = str(money(row.amount).normalize()) if row.unit == Budget.Unit.MONEY else str(row.amount)
    return {"amount": amount, "hard": row.hard, "warn_at": row.warn_at}


def _announce(what: str, row: Budget, **more: Any) -> None:
    budgets_changed()
    fixed = {
        name: getattr(row, name) for name in ("scope", "subject_id", "unit", "currency", "period", "each")
    }
    record_trail(
        action=f"audit.budget.{what}",
        resource_type="budget",
        resource_id=row.id,
        payload={**fixed, **_told(row), "title": title_of(row), **more},
    )
