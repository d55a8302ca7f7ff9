"""Pages of figures: how companions work, for whom, and what could be better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from companions.intelligence import files
from companions.intelligence.graph import graph
from companions.intelligence.opportunities import RULES, opportunities
from companions.intelligence.periods import LENGTHS, Period, asked_for, last_days
from companions.intelligence.reading import Report, by_day_and_companion, report, today
from companions.intelligence.tally import Tally
from companions.permissions import FIGURES
from humana.kernel.errors import Invalid
from humana.kernel.ports import record_trail
from humana.rendering import charts
from tenants.permissions import require
from tenants.transactions import tenant_atomic
from tenants.views import MemberRequest

#: How many companions and pairs the page lists; the file has all of them.
LISTED = 12


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its name and how it was in the period before. `kind` says how it is written."""

    name: str
    value: float | int | None
    before: float | int | None
    kind: str = "number"


@require_GET
def intelligence(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `report`, `tiles` by group, `charts`, `found` opportunities and `rules`, `lengths`; what was
    typed, and `refusal` where it was no period.
    """
    member = request.visitor.member
    require(member, FIGURES.name)
    now = today()
    try:
        period, refusal = _asked(request), None
    except Invalid as error:
        period, refusal = last_days(30, now), error
    found = report(member=member, period=period)
    context = {
        "report": found,
        "refusal": refusal,
        "typed": {name: request.GET.get(name, "") for name in ("days", "from", "to")},
        "chosen": period.length if period.last == now and period.length in LENGTHS else None,
        "lengths": LENGTHS,
        "totals": _totals(found),
        "groups": _groups(found),
        "answers": _answers(found),
        "times": _times(found),
        "together": _together(found),
        "graph": graph(found.between),
        "companions": [one for one in found.companions if one.now.counts][:LISTED],
        "pairs": found.between[:LISTED],
        "found": opportunities(found),
        "rules": RULES,
    }
    status = refusal.status if refusal else 200
    return render(request, "companions/intelligence.html", context, status=status)


@require_GET
def intelligence_file(request: MemberRequest, slug: str) -> HttpResponse:
    """The same period as CSV; taking it is a line of the trail."""
    return file_of(request.visitor.member, _asked(request))


def file_of(member: Any, period: Period) -> HttpResponse:
    """The file, for the page and for the API alike."""
    body = files.as_csv(by_day_and_companion(member=member, period=period))
    with tenant_atomic():
        told = {"from": period.first.isoformat(), "to": period.last.isoformat()}
        record_trail(action="companions.figures.exported", resource_type="figures", payload=told)
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    name = f"figures-{period.first:%Y%m%d}-{period.last:%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: MemberRequest) -> Period:
    typed = (request.GET.get(name, "").strip() for name in ("days", "from", "to"))
    return asked_for(*typed, today=today())


def _totals(found: Report) -> list[Tile]:
    names = {
        "companions": _("Companions"),
        "knowledge": _("Knowledge assets"),
        "capabilities": _("Capabilities"),
    }
    return [Tile(names.get(one, one), number, None) for one, number in sorted(found.totals.items())]


def _groups(found: Report) -> list[tuple[str, list[Tile]]]:
    """The figures of the period by what they are about."""

    def tile(name: str, read: Callable[[Tally], Any], kind: str = "number") -> Tile:
        return Tile(name, read(found.now), read(found.before), kind)

    return [
        (
            _("Working together"),
            [
                tile(_("Conversations"), lambda one: one.sessions),
                tile(_("Messages between companions"), lambda one: one.messages),
                tile(_("Handoffs"), lambda one: one.handoffs),
                tile(_("Knowledge shared"), lambda one: one.shares),
            ],
        ),
        (
            _("How well it works"),
            [
                tile(_("Answers"), lambda one: one.answers),
                tile(_("Came to their end"), lambda one: one.success, "share"),
                tile(_("First word, half within"), lambda one: one.first_50, "time"),
                tile(_("Whole answer, half within"), lambda one: one.whole_50, "time"),
                tile(_("Satisfaction"), lambda one: one.satisfaction, "share"),
                tile(_("Answers with knowledge"), lambda one: one.knowledge, "share"),
                tile(_("Uses of tools"), lambda one: one.tools),
            ],
        ),
    ]


def _answers(found: Report) -> charts.Chart:
    rows = [(tally.answers - tally.failed, tally.failed) for _day, tally in found.daily]
    return charts.stacked(rows, ("good", "bad"))


def _times(found: Report) -> charts.Chart:
    rows: list[Sequence[float | None]] = [
        (_seconds(tally.whole_50), _seconds(tally.whole_95)) for _day, tally in found.daily
    ]
    return charts.lined(rows, ("half", "most"))


def _together(found: Report) -> charts.Chart:
    rows = [(tally.messages, tally.handoffs) for _day, tally in found.daily]
    return charts.stacked(rows, ("good", "other"))


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
