"""Which budgets hold for an answer: known to the process, never older than a second, without rows.

    rules = applying(member_id=…, team_id=…, companion_id=…)     several may; all must have room
    known().today                                                in the organization's time zone

The limit itself is read where it is counted, so a limit that was lowered holds at once.
"""

from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_UP, Decimal

from django.utils import timezone

from audit.config_keys import DOLLAR
from audit.models import POT, UNITS, Budget
from tenants.config.resolver import resolve_for
from tenants.config.snapshot import snapshot
from tenants.context import current_tenant, use_tenant
from tenants.db.refusals import FAILURES
from tenants.freshness import Fresh
from tenants.models import Organization
from tenants.queries import context_of
from tenants.transactions import on_tenant_commit

DOLLARS = "USD"


@dataclass(frozen=True, slots=True)
class Rule:
    """One budget, as a process knows it; see `audit.models.Budget`."""

    id: uuid.UUID
    scope: str
    subject_id: uuid.UUID | None
    unit: str
    amount: int
    currency: str
    period: str
    each: bool
    hard: bool
    warn_at: int

    @property
    def in_money(self) -> bool:
        return self.unit == Budget.Unit.MONEY

    def holder(self, member_id: uuid.UUID | None) -> uuid.UUID:
        """Who has the counter; what no member asked for comes out of the pot."""
        return member_id if self.each and member_id else POT

    def starts(self, today: date) -> date:
        return today.replace(day=1) if self.period == Budget.Period.MONTH else today

    def ends(self, today: date) -> date:
        """The first day of the next period."""
        if self.period == Budget.Period.DAY:
            return today + timedelta(days=1)
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


FIELDS = tuple(Rule.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Known:
    """Of one organization: its budgets in the order in which they are counted; days, currency and plan."""

    rules: tuple[Rule, ...] = ()
    zone: zoneinfo.ZoneInfo = field(default_factory=lambda: zoneinfo.ZoneInfo("UTC"))
    currency: str = DOLLARS
    plan: str = "free"

    @property
    def today(self) -> date:
        return timezone.now().astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """When that day begins there."""
        return datetime.combine(day, time.min, self.zone)

    def seconds_to(self, day: date) -> int:
        return max(1, int((self.midnight(day) - timezone.now()).total_seconds()) + 1)


def _load(organization_id: uuid.UUID | None) -> Known:
    if organization_id is None:
        return Known()
    with use_tenant(current_tenant().home if _is_here(organization_id) else context_of(organization_id)):
        rules = Budget.objects.order_by("id").values_list(*FIELDS)
        found = tuple(Rule(*row) for row in rules)
    names = ("time_zone", "currency", "plan")
    zone, currency, plan = Organization.objects.values_list(*names).get(id=organization_id)
    return Known(found, _zone(zone), currency or DOLLARS, plan)


def _is_here(organization_id: uuid.UUID) -> bool:
    return current_tenant().organization_id == organization_id


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


_known: Fresh[Known] = Fresh("budgets", _load)


def known() -> Known:
    """Inside the organization. Raises what its main database raises where that does not answer."""
    return _known(current_tenant().organization_id)


def this_day() -> date:
    """Today in the organization's time zone, as last known where its main database does not answer."""
    try:
        return known().today
    except FAILURES:
        kept = _known.peek(current_tenant().organization_id)
        return (kept or Known()).today


def budgets_changed() -> None:
    """In the transaction of a change: every process knows it within a second, this one at once."""
    organization_id = current_tenant().organization_id
    forget()
    on_tenant_commit(lambda: _known.changed(organization_id))


def forget() -> None:
    """This process reads them again."""
    _known.forget()


def applying(
    *, member_id: uuid.UUID | None, team_id: uuid.UUID | None, companion_id: uuid.UUID | None
) -> tuple[Rule, ...]:
    """The budgets that an answer to this member by this companion counts against.

    That of a team is for whoever is in it or in a team below it.
    """
    rules = known().rules
    if not rules:
        return ()
    of: dict[str, set[uuid.UUID | None]] = {
        Budget.Scope.ORGANIZATION: {None},
        Budget.Scope.TEAM: set(teams_above(team_id)),
        Budget.Scope.MEMBER: {member_id} - {None},
        Budget.Scope.COMPANION: {companion_id} - {None},
    }
    return tuple(
        one
        for one in rules
        if one.subject_id in of[Budget.Scope(one.scope)] and not (one.each and member_id is None)
    )


def teams_above(team_id: uuid.UUID | None) -> Iterator[uuid.UUID]:
    """The team itself, the one that it is part of, and so on; a circle ends where it began."""
    above, seen = snapshot(current_tenant().organization_id).above, set[uuid.UUID]()
    while team_id is not None and team_id not in seen:
        seen.add(team_id)
        yield team_id
        team_id = above.get(team_id)


def units(amount: Decimal, currency: str, wanted: str) -> int | None:
    """Money in parts of the wanted currency, rounded up; None where nobody said what a dollar is there."""
    if currency != wanted and amount:
        rate = resolve_for(current_tenant().organization_id, DOLLAR)
        if currency != DOLLARS or wanted != known().currency or rate is None:
            return None
        amount *= Decimal(str(rate))
    return int((amount * UNITS).to_integral_value(ROUND_UP))


def money(parts: int) -> Decimal:
    """What a number of parts is in the currency."""
    return Decimal(parts) / UNITS
