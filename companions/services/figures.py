"""Figures are counted a day at a time, each time anew: late rows, re-runs and crashes change nothing.

A day's figures are replaced by what the tables say of it, in one transaction with the mark of how far it
was counted. Nothing is added to what was there before; so nothing can be added twice.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter as Tally
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from companions.intelligence.counters import Count, counters
from companions.intelligence.days import ONE, bounds, day_of, days, zone_named
from companions.models import ALL, Counting, Figure, Recount
from humana.kernel.errors import Unavailable
from tenants.context import current_tenant, use_tenant
from tenants.queries import time_zone_of, working_organizations
from tenants.transactions import tenant_atomic

log = logging.getLogger(__name__)

#: A row may be committed so much later than it says: no transaction lasts longer.
LATE = timedelta(minutes=15)
#: Older days counted in one go: what was there before figures were, or another time zone's days.
MOST_EARLIER = 14

Key = tuple[str, uuid.UUID, uuid.UUID]


def count_everywhere() -> None:
    """Every organization in each of its placements; one that cannot be reached keeps nobody waiting."""
    for context in working_organizations():
        try:
            with use_tenant(context):
                count(at=timezone.now())
        except Unavailable:
            continue  # being moved or updated: the next round comes soon
        except Exception:
            where = {"organization": str(context.organization_id), "placement": str(context.placement.id)}
            log.exception("figures not counted", extra=where)


def count(*, at: datetime) -> list[date]:
    """Bring the figures of the current placement up to date; the days that were counted."""
    with tenant_atomic():
        mark, zone_name = _mark(), time_zone_of(current_tenant().organization_id)
        if mark.zone != zone_name:
            mark.counted_to, mark.zone = None, zone_name
        told = dict(Recount.objects.order_by("moment").values_list("id", "moment"))
        if not (told or mark.earlier or _anything_new(mark.counted_to)):
            return []
        zone = zone_named(zone_name)
        wanted = _due(mark, day_of(at, zone), zone) | {day_of(moment, zone) for moment in told.values()}
        for day in sorted(wanted):
            _count_day(day, *bounds(day, zone))
        Recount.objects.filter(id__in=list(told)).delete()
        mark.counted_to = at
        mark.save()
    return sorted(wanted)


def recount(moment: datetime) -> None:
    """Something of that moment has changed: its day is counted again. In the transaction of the change."""
    Recount.objects.create(moment=moment)


def _mark() -> Counting:
    """Held until the transaction ends: nobody else counts here meanwhile."""
    Counting.objects.get_or_create()
    return Counting.objects.select_for_update().get()


def _anything_new(counted_to: datetime | None) -> bool:
    if counted_to is None:
        return True
    return any(counter.since(counted_to - LATE) for _name, counter in counters.items())


def _due(mark: Counting, today: date, zone: ZoneInfo) -> set[date]:
    """Today, the days since it was last counted, and some of the older ones that are still to be counted."""
    last = day_of(mark.counted_to - LATE, zone) if mark.counted_to else None
    since = today if last is None else max(min(last, today), today - MOST_EARLIER * ONE)
    if last is None or last < since:
        mark.earlier = since - ONE
    return {*days(since, today), *_earlier(mark, zone)}


def _earlier(mark: Counting, zone: ZoneInfo) -> Iterable[date]:
    """Those of this round; the mark moves on behind them, to the day of the oldest row or figure."""
    if mark.earlier is None:
        return ()
    firsts = [found for _name, counter in counters.items() if (found := counter.first()) is not None]
    kept = Figure.objects.order_by("day").values_list("day", flat=True).first()
    oldest = min([day_of(one, zone) for one in firsts] + ([kept] if kept else []), default=None)
    last, mark.earlier = mark.earlier, None
    if oldest is None or oldest > last:
        return ()
    begins = max(oldest, last - MOST_EARLIER * ONE)
    mark.earlier = begins - ONE if begins > oldest else None
    return days(begins, last)


def _count_day(day: date, begins: datetime, ends: datetime) -> None:
    """The day's rows become what the counters say, changing only those that differ."""
    wanted = _summed(one for _name, counter in counters.items() for one in counter.count(begins, ends))
    kept = {(row.name, row.subject_id, row.other_id): row for row in Figure.objects.filter(day=day)}
    gone = [row.id for key, row in kept.items() if key not in wanted]
    changed = [row for key, row in kept.items() if key in wanted and row.value != wanted[key]]
    for row in changed:
        row.value, row.updated_at = wanted[row.name, row.subject_id, row.other_id], timezone.now()
    fresh = [
        Figure(day=day, name=name, subject_id=subject, other_id=other, value=value)
        for (name, subject, other), value in wanted.items()
        if (name, subject, other) not in kept
    ]
    if gone:
        Figure.objects.filter(id__in=gone).delete()
    if changed:
        Figure.objects.bulk_update(changed, ["value", "updated_at"], batch_size=500)
    if fresh:
        Figure.objects.bulk_create(fresh, batch_size=500)


def _summed(counts: Iterable[Count]) -> Tally[Key]:
    """Each as it is told, and all of a name together for the whole organization."""
    found: Tally[Key] = Tally()
    for one in counts:
        for key in {(one.name, one.subject, one.other), (one.name, ALL, ALL)}:
            found[key] += one.value
    return found
