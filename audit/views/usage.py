"""Pages of what was used: the organization's for those with the permission, one's own for every member."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit.budget_names import Names, names
from audit.budgeting import known
from audit.hints import standings
from audit.permissions import SEE_BUDGETS, USAGE
from audit.services.allowances import put_away
from audit.services.usage_files import usage_file
from audit.spent import Spent, Told, spent_by
from humana.kernel.errors import Invalid
from humana.rendering.charts import Chart, stacked
from tenants.permissions import allowed, require
from tenants.views import MemberRequest

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])\Z")
#: Rows of one table of the page; the file has all of them.
LISTED = 25


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month; `last` is today in the present one."""

    first: date
    last: date

    @property
    def before(self) -> str:
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        """The next one; empty in the present."""
        following = _end(self.first) + timedelta(days=1)
        return "" if following > known().today else f"{following:%Y-%m}"

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=one) for one in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Table:
    """Sums by one thing, the most first; `more` rows are only in the file."""

    title: str
    head: str
    rows: list[tuple[str, Spent]]
    more: int = 0


@require_GET
def usage(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `month`, `whole` (Spent), `daily`, its `chart`, `tables`, `silent`, `may_see_budgets`."""
    member = request.visitor.member
    require(member, USAGE.name)
    month = _month(request)
    days = spent_by("day", month.first, month.last)
    context = _shown(month, days) | {
        "tables": _tables(month, names()),
        "may_see_budgets": allowed(member, SEE_BUDGETS.name),
    }
    return render(request, "audit/usage.html", context)


@require_GET
def own_usage(request: MemberRequest, slug: str) -> HttpResponse:
    """A member's own. Context as `usage`, and `standings`: the budgets that count the member's answers."""
    member = request.visitor.member
    month = _month(request)
    mine = {"member_id": member.id}
    days = spent_by("day", month.first, month.last, **mine)
    known_names = names()
    companions = spent_by("companion", month.first, month.last, **mine)
    tables = [_table(_("By companion"), _("Companion"), companions, known_names.companion)]
    context = _shown(month, days) | {"tables": tables, "standings": standings(member, None), "own": True}
    return render(request, "audit/usage.html", context)


@require_POST
def put_allowances_away(request: MemberRequest, slug: str) -> HttpResponse:
    """The member has read how far their own part is used, also of the `companion` that the page was about;
    with htmx the page stays where it is.
    """
    put_away(request.visitor.member, _companion(request.POST.get("companion", "")))
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse()
    return redirect("own-usage", slug=slug)


def _companion(said: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(said)
    except ValueError:
        return None


@require_GET
def file(request: MemberRequest, slug: str) -> HttpResponse:
    """The month's days as CSV: a line for each day, companion, member, team and model."""
    require(request.visitor.member, USAGE.name)
    month = _month(request)
    response = HttpResponse(usage_file(month.first, month.last), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="usage-{month.first:%Y-%m}.csv"'
    return response


def _month(request: MemberRequest) -> Month:
    """As asked for; Invalid for what is no month, or has not begun."""
    today, text = known().today, request.GET.get("month", "")
    if not text:
        return Month(today.replace(day=1), today)
    found = _MONTH.match(text)
    first = date(int(found[1]), int(found[2]), 1) if found else None
    if first is None or first > today:
        raise Invalid(_("Give the month as year-month, such as 2026-01."), field="month")
    return Month(first, min(today, _end(first)))


def _end(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _shown(month: Month, days: Told) -> dict[str, Any]:
    daily = [(one, days.by.get(one, Spent())) for one in month.days]
    return {
        "month": month,
        "whole": days.whole,
        "daily": daily,
        "chart": _chart(daily),
        "silent": days.silent,
        "zone": known().zone.key,
    }


def _chart(daily: list[tuple[date, Spent]]) -> Chart:
    rows = [(one.input_tokens + one.estimated_tokens, one.output_tokens) for _day, one in daily]
    return stacked(rows, ("", "other"))


def _tables(month: Month, known_names: Names) -> list[Table]:
    kinds: list[tuple[str, str, str, Callable[[Any], str]]] = [
        ("companion", _("By companion"), _("Companion"), known_names.companion),
        ("member", _("By member"), _("Member"), known_names.member),
        ("model", _("By model"), _("Model"), str),
        ("team", _("By team"), _("Team"), lambda one: known_names.team(one) or _("a team that is gone")),
    ]
    return [
        _table(title, head, spent_by(by, month.first, month.last), name) for by, title, head, name in kinds
    ]


def _table(title: str, head: str, told: Told, name: Callable[[uuid.UUID | None], str]) -> Table:
    most_first = sorted(told.by.items(), key=lambda pair: -pair[1].tokens)
    rows = [(name(key), spent) for key, spent in most_first[:LISTED]]
    return Table(title, head, rows, max(0, len(most_first) - LISTED))
