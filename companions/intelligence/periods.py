"""Which days somebody asks for: the last 7, 30 or 90, or any of their own. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from companions.intelligence.days import ONE
from humana.kernel.errors import Invalid

LENGTHS = (7, 30, 90)
USUAL, LONGEST = 30, 366
FIRST, LAST = date(2000, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, just before these."""
        return Period(self.first - self.length * ONE, self.first - ONE)


def last_days(number: int, today: date) -> Period:
    return Period(today - timedelta(days=number - 1), today)


def asked_for(days: str, first: str, last: str, *, today: date) -> Period:
    """As typed: two days win over a length; nothing at all is the last 30. Invalid says what to change."""
    if first or last:
        return _between(_day(first, "from") if first else FIRST, _day(last, "to") if last else today, first)
    if days and days not in {str(one) for one in LENGTHS}:
        lengths = ", ".join(map(str, LENGTHS))
        raise Invalid(_("Choose one of: %(values)s.") % {"values": lengths}, field="days", code="unknown")
    return last_days(int(days or USUAL), today)


def _between(first: date, last: date, typed: str) -> Period:
    if not typed:
        first = last - (USUAL - 1) * ONE
    if first > last:
        raise Invalid(_("The first day comes after the last one."), field="from", code="backwards")
    if (last - first).days >= LONGEST:
        message = _("At most %(days)d days at once.") % {"days": LONGEST}
        raise Invalid(message, field="from", code="too_long")
    return Period(first, last)


def _day(text: str, field: str) -> date:
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or not FIRST <= found <= LAST:
        raise Invalid(_("Give a day such as 2026-01-31."), field=field, code="not_a_day")
    return found
