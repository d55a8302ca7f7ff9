"""Days as an organization has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ONE = timedelta(days=1)


def zone_named(name: str) -> ZoneInfo:
    """The zone; UTC where nobody knows the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From its first moment to that of the next day; 23 or 25 hours where the clock is set."""
    return _midnight(day, zone), _midnight(day + ONE, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def days(first: date, last: date) -> Iterator[date]:
    """Both included."""
    while first <= last:
        yield first
        first += ONE
