"""The trail as a page."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.queries import TrailFilter, entries
from humana.kernel.errors import Invalid
from tenants.views import MemberRequest

#: Entries on one page.
PAGE = 50


@require_GET
def trail(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `entries`, `wanted` as typed, `older` (the sequence before which the next page begins)."""
    wanted = TrailFilter(
        action=request.GET.get("action", "").strip(),
        actor=request.GET.get("actor", "").strip(),
        since=_day(request.GET.get("since", "")),
        until=_day(request.GET.get("until", ""), after=1),
    )
    rows = entries(member=request.visitor.member, wanted=wanted)
    before = request.GET.get("before", "")
    if before:
        rows = rows.filter(sequence__lt=_number(before))
    found = list(rows[: PAGE + 1])
    context = {
        "entries": found[:PAGE],
        "wanted": {name: request.GET.get(name, "") for name in ("action", "actor", "since", "until")},
        "older": found[PAGE - 1].sequence if len(found) > PAGE else None,
    }
    return render(request, "audit/trail.html", context)


def _day(text: str, *, after: int = 0) -> datetime | None:
    """Midnight at the start of that day (or so many days later), in the person's time zone."""
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise Invalid(_("Give the date as year-month-day."), field="since")
    return timezone.make_aware(datetime.combine(day + timedelta(days=after), time.min))


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 18:
        raise Invalid(_("This page of the trail does not exist."), field="before")
    return int(text)
