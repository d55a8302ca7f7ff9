"""Figures of a period, read from what was counted: a few queries by index, whatever was said meanwhile.

No conversation and no message is looked at here.
"""

from __future__ import annotations

import uuid
from collections import Counter as Sum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models import Sum as Total
from django.utils import timezone

from companions.intelligence.counters import totals
from companions.intelligence.days import day_of, days, zone_named
from companions.intelligence.known import USED, Unused, Used, most_used, never_used, uses_in
from companions.intelligence.periods import Period
from companions.intelligence.tally import Tally
from companions.models import ALL, Companion, Counting, Figure
from companions.permissions import FIGURES
from tenants.context import TenantContext, current_tenant
from tenants.models import Membership
from tenants.permissions import require
from tenants.places import at_main, gather
from tenants.queries import time_zone_of

Names = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Known:
    """A companion as the figures name it; one that was removed has no address any more."""

    id: uuid.UUID
    name: str
    slug: str = ""
    active: bool = False


@dataclass(frozen=True, slots=True)
class OfCompanion:
    companion: Known
    now: Tally
    before: Tally


@dataclass(frozen=True, slots=True)
class Between:
    """How often one companion turned to another: handoffs, questions, knowledge shared."""

    giver: Known
    taker: Known
    handoffs: int
    asks: int
    shares: int

    @property
    def number(self) -> int:
        return self.handoffs + self.asks + self.shares


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a period. `counted_to` is how far they are counted; `silent` did not answer."""

    period: Period
    now: Tally
    before: Tally
    daily: list[tuple[date, Tally]]
    companions: list[OfCompanion]
    between: list[Between]
    knowledge: list[Used]
    unused: Unused
    totals: dict[str, int]
    counted_to: datetime | None
    silent: list[TenantContext]

    @property
    def empty(self) -> bool:
        return not (self.now.counts or self.before.counts)


def today() -> date:
    """The organization's."""
    return day_of(timezone.now(), zone_named(time_zone_of(current_tenant().organization_id)))


def report(*, member: Membership, period: Period) -> Report:
    """Raises NotAllowed without the permission to see them."""
    require(member, FIGURES.name)
    both = Period(period.before.first, period.last)
    rows = gather(lambda: list(_days(both)))
    known = _known()
    by_day = _by(rows.found, lambda row: row[0])
    between = gather(lambda: list(_between(period))).found
    uses = uses_in(between)
    return Report(
        period=period,
        now=_together(by_day, period),
        before=_together(by_day, period.before),
        daily=[(day, Tally(by_day.get(day, {}))) for day in days(period.first, period.last)],
        companions=_companions(period, known),
        between=_pairs(between, known),
        knowledge=most_used(member, uses),
        unused=never_used(member, period, uses),
        totals=_totals(),
        counted_to=_counted_to(),
        silent=rows.silent,
    )


def of_companion(companion_id: uuid.UUID, period: Period) -> Tally:
    """The figures of one companion; who may see it is the caller's to ask."""
    found: Sum[str] = Sum()
    for name, value in gather(lambda: list(_summed(period, subject_id=companion_id))).found:
        found[name] += value
    return Tally(found)


def by_day_and_companion(*, member: Membership, period: Period) -> list[tuple[date, Known | None, Tally]]:
    """For files: each day's figures of everybody, then of each companion, by name."""
    require(member, FIGURES.name)
    known = _known()
    rows = gather(lambda: list(_rows(period).values_list("day", "subject_id", "name", "value"))).found
    found = _by(((row[:2], *row[2:]) for row in rows), lambda row: row[0])
    named = ((day, None if one == ALL else known.get(one), one, tally) for (day, one), tally in found.items())
    kept = [(day, who, Tally(tally)) for day, who, one, tally in named if who is not None or one == ALL]
    return sorted(kept, key=lambda row: (row[0], row[1].name if row[1] else "", str(row[1] and row[1].id)))


def _rows(period: Period) -> QuerySet[Figure]:
    return Figure.objects.filter(day__gte=period.first, day__lte=period.last).order_by()


def _days(period: Period) -> Iterable[tuple[date, str, int]]:
    return _rows(period).filter(subject_id=ALL, other_id=ALL).values_list("day", "name", "value")


def _summed(period: Period, **where: Any) -> Iterable[tuple[str, int]]:
    return _rows(period).filter(**where).values_list("name").annotate(number=Total("value"))


def _by(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, Sum[str]]:
    """Rows that end with a name and a value, added up: placements may have some of the same day each."""
    found: dict[Any, Sum[str]] = {}
    for row in rows:
        found.setdefault(key(row), Sum())[row[-2]] += row[-1]
    return found


def _together(by_day: Mapping[date, Names], period: Period) -> Tally:
    found: Sum[str] = Sum()
    for day in days(period.first, period.last):
        found.update(by_day.get(day, {}))
    return Tally(found)


def _known() -> dict[uuid.UUID, Known]:
    """Every companion, removed ones too, as the main placement lists them."""
    columns = ("id", "name", "slug", "state", "removed_at")
    with at_main():
        rows = list(Companion.everything.values_list(*columns))
    return {
        one: Known(one, name, "" if removed else slug, state == Companion.State.ACTIVE and not removed)
        for one, name, slug, state, removed in rows
    }


def _companions(period: Period, known: Mapping[uuid.UUID, Known]) -> list[OfCompanion]:
    """The most active first; those that are there and did nothing come last."""
    now, before = _of_each(period), _of_each(period.before)
    wanted = [one for one in known.values() if one.slug or one.id in now]
    found = [OfCompanion(one, Tally(now.get(one.id, {})), Tally(before.get(one.id, {}))) for one in wanted]
    return sorted(found, key=lambda one: (-one.now.answers, -one.now.messages, one.companion.name))


def _of_each(period: Period) -> dict[uuid.UUID, Sum[str]]:
    def read() -> list[tuple[uuid.UUID, str, int]]:
        rows = _rows(period).exclude(subject_id=ALL)
        return list(rows.values_list("subject_id", "name").annotate(number=Total("value")))

    return _by(gather(read).found, lambda row: row[0])


def _between(period: Period) -> Iterable[tuple[uuid.UUID, uuid.UUID, str, int]]:
    """What has two ends, and uses of knowledge."""
    rows = _rows(period).exclude(subject_id=ALL)
    pairs = rows.exclude(other_id=ALL) | rows.filter(name=USED)
    return pairs.values_list("subject_id", "other_id", "name").annotate(number=Total("value"))


def _pairs(
    rows: Iterable[tuple[uuid.UUID, uuid.UUID, str, int]], known: Mapping[uuid.UUID, Known]
) -> list[Between]:
    """Those who turn to each other, the most often first. Of itself a companion says nothing here."""
    named = ((row[:2], *row[2:]) for row in rows if row[0] in known and row[1] in known)
    found = _by((row for row in named if row[0][0] != row[0][1]), lambda row: row[0])
    pairs = [
        Between(known[one], known[other], tally.handoffs, tally.get("sent.ask"), tally.shares)
        for (one, other), counts in found.items()
        for tally in [Tally(counts)]
    ]
    ordered = sorted(pairs, key=lambda one: (-one.handoffs, -one.number, one.giver.name, one.taker.name))
    return [one for one in ordered if one.number]


def _totals() -> dict[str, int]:
    with at_main():
        return {name: count() for name, count in totals.items()}


def _counted_to() -> datetime | None:
    with at_main():
        return Counting.objects.values_list("counted_to", flat=True).first()
