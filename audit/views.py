"""The trail as a page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.queries import TrailFilter, entries
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_text
from tenants.views import MemberRequest

#: Entries on one page.
PAGE = 50
#: What the page filters by, as it stands in the address.
FILTERS = ("action", "actor", "resource", "since", "until")
#: Days that a calendar in this house can hold.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)


@require_GET
def trail(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `entries`, `wanted` as typed, `older` (the query of the next page, or None)."""
    typed = {name: request.GET.get(name, "").strip() for name in FILTERS}
    rows = entries(member=request.visitor.member, wanted=_filter(typed))
    before = request.GET.get("before", "")
    if before:
        rows = rows.filter(sequence__lt=_number(before))
    found = list(rows[: PAGE + 1])
    older = _query(typed, before=found[PAGE - 1].sequence) if len(found) > PAGE else None
    return render(request, "audit/trail.html", {"entries": found[:PAGE], "wanted": typed, "older": older})


def _filter(typed: dict[str, str]) -> TrailFilter:
    return TrailFilter(
        action=_text(typed["action"], "action"),
        actor=_text(typed["actor"], "actor"),
        resource_id=_text(typed["resource"], "resource"),
        since=_day(typed["since"], "since"),
        until=_day(typed["until"], "until", after=1),
    )


def _text(typed: str, field: str) -> str:
    return clean_text(typed, field=field, limit=254, required=False)


def _day(text: str, field: str, *, after: int = 0) -> datetime | None:
    """Midnight at the start of that day (or so many days later), in the person's time zone."""
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(_("Give the date as year-month-day."), field=field)
    return timezone.make_aware(datetime.combine(day + timedelta(days=after), time.min))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(_("This page of the trail does not exist."), field="before")
    return int(text)


def _query(typed: dict[str, str], *, before: int) -> str:
    """The address of the next page, with every filter kept."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in typed.items() if value})
    query["before"] = str(before)
    return query.urlencode()
