"""The trail as a page: what happened in words, and beneath each entry its details and its code."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.facts import Fact, facts_of, kind_of, name_of, references_in
from audit.models import AuditEntry
from audit.queries import Traced, TrailFilter, trails
from audit.services.chain import Verdict, verify
from humana.kernel.actor import SYSTEM
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_text
from humana.kernel.trail_words import by_area, did, names_of, said
from tenants.context import TenantContext, current_tenant
from tenants.devices import device_in_words
from tenants.models import Membership
from tenants.places import gather, with_one_role, without_row_security
from tenants.queries import placement_names
from tenants.views import MemberRequest

#: Entries on one page.
PAGE = 50
#: What the page filters by, as it stands in the address.
FILTERS = ("action", "actor", "resource", "since", "until")
#: Days that a calendar in this house can hold.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is read. `place` is the name of the placement whose chain it is in, where there are
    several; `kind` and `name` say on what it was done; `facts` are its details; `device` is what asked for
    it, and `program` what did it by itself.
    """

    entry: AuditEntry
    place: str
    who: str
    did: str
    kind: str
    name: str
    facts: list[Fact]
    device: str
    program: str


@require_GET
def trail(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `entries` of every placement, `lines` (each of them as it is read), `areas` of actions to
    choose from, `another` (the action asked for is none of them: how some begin, or a former one), `wanted`
    as typed, `older` (the query of the next page, or None), `only_chained` and `one_role` (some database
    cannot refuse a change, by its kind or by its roles), `chains` (of a mixed organization only).
    """
    member = request.visitor.member
    typed = {name: request.GET.get(name, "").strip() for name in FILTERS}
    found = trails(member=member, wanted=_filter(typed), before=_bounds(request), most=PAGE)
    names = placement_names(request.visitor.context)
    context = {
        "entries": [one.entry for one in found.page],
        "lines": _lines(member, found.page, names),
        "areas": by_area(),
        "another": bool(typed["action"]) and typed["action"] not in said,
        "wanted": typed,
        "older": _query(typed, before=found.older) if found.older else None,
        "only_chained": bool(without_row_security()),
        "one_role": bool(with_one_role()),
        "chains": _chains(found.silent, names, verifying="verify" in request.GET) if names else [],
    }
    return render(request, "audit/trail.html", context)


def _lines(member: Membership, page: list[Traced], places: dict[uuid.UUID, str]) -> list[Line]:
    names = names_of(member, references_in([one.entry for one in page]))
    return [_line(one.entry, names, places.get(one.place.placement.id, "")) for one in page]


def _line(entry: AuditEntry, names: dict[str, str], place: str) -> Line:
    itself = entry.actor_kind == SYSTEM.kind
    name = name_of(entry, names)
    return Line(
        entry=entry,
        place=place,
        who="Humana" if itself else entry.actor_label,
        did=did(entry.action),
        kind=kind_of(entry.resource_type),
        name=name,
        facts=[one for one in facts_of(entry, names) if one.before is not None or one.text != name],
        device=device_in_words(entry.agent),
        program=entry.actor_label if itself and entry.actor_label != SYSTEM.label else "",
    )


def _chains(
    silent: list[TenantContext], names: dict[uuid.UUID, str], *, verifying: bool
) -> list[tuple[str, Verdict | None, bool]]:
    """Of each placement its name, whether its chain holds (None: not asked), and whether it answers."""
    quiet = {place.placement.id for place in silent}
    verdicts = dict(gather(lambda: [(current_tenant().placement.id, verify())]).found) if verifying else {}
    return [(name, verdicts.get(place), place not in quiet) for place, name in names.items()]


def _bounds(request: MemberRequest) -> list[int | None]:
    """Where the page begins in each placement: sequences with commas between, empty for the latest."""
    text = request.GET.get("before", "")
    return [_number(one) if one else None for one in text.split(",")] if text else []


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


def _query(typed: dict[str, str], *, before: list[int | None]) -> str:
    """The address of the next page, with every filter kept."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in typed.items() if value})
    query["before"] = ",".join("" if one is None else str(one) for one in before)
    return query.urlencode()
