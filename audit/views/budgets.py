"""Pages of budgets: how full each is, and making, changing and removing one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.budget_lists import Listed, access_budget, concerned, history, listed, standing
from audit.budget_names import names
from audit.budget_words import day
from audit.budgeting import known
from audit.forms import BudgetForm, LimitForm
from audit.models import Budget
from audit.permissions import BUDGETS, READ
from audit.plan_bars import plan_bars
from audit.services.budget_changes import change_budget, checked, make_budget, remove_budget
from audit.services.rates import limits
from humana.kernel.errors import HumanaError, NotAllowed, NotFound
from tenants.permissions import allowed, require
from tenants.places import at_main
from tenants.views import MemberRequest


@require_GET
def budgets(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `budgets` (Listed, the fullest first), `may_change`, `renews` (when days and months begin),
    `limits` of the plan, and `bars` of what it has room for.
    """
    member = request.visitor.member
    found = listed(member=member)
    return render(
        request,
        "audit/budgets.html",
        {
            "budgets": found,
            "may_change": allowed(member, BUDGETS.name),
            "renews": _renews(found),
            "limits": limits(),
            "bars": plan_bars(),
        },
    )


def _renews(found: list[Listed]) -> dict[str, str]:
    today = known().today
    return {one.budget.period: day(one.rule.ends(today)) for one in found}


@require_http_methods(["GET", "POST"])
def new_budget(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `form`; `row` and `concerned` after a look at whom it would be for."""
    member = request.visitor.member
    require(member, BUDGETS.name)
    form = BudgetForm(request.POST if request.method == "POST" else None, names=names())
    context: dict[str, Any] = {"form": form}
    if form.is_bound and form.is_valid():
        try:
            if request.POST.get("do") == "preview":
                context |= _preview(form)
            else:
                make_budget(member=member, wish=form.wish())
                messages.success(request, _("The budget holds from now on."))
                return redirect("budgets", slug=slug)
        except (NotAllowed, NotFound):
            raise
        except HumanaError as refusal:
            form.refuse(refusal)
    return render(request, "audit/budget.html", context, status=422 if form.errors else 200)


def _preview(form: BudgetForm) -> dict[str, Any]:
    with at_main():
        row = checked(form.wish())
        return {"row": Listed(row, ""), "concerned": concerned(row)}


@require_http_methods(["GET", "POST"])
def budget(request: MemberRequest, slug: str, budget_id: uuid.UUID) -> HttpResponse:
    """Context: `budget`, `row` (Listed), `form` (None for who may only look), `history`, `may_read_trail`."""
    member = request.visitor.member
    found = access_budget(member=member, budget_id=budget_id)
    form = _limit(request, found)
    if form is not None and form.is_bound and form.is_valid():
        try:
            seen = form.cleaned_data["seen"]
            change_budget(member=member, budget=found, version=seen, wanted=form.wanted())
            messages.success(request, _("The budget is changed. It holds at once."))
            return redirect("budgets", slug=slug)
        except (NotAllowed, NotFound):
            raise
        except HumanaError as refusal:
            form.refuse(refusal)
    with at_main():
        (row,) = standing([found], names())
    context = {
        "budget": found,
        "row": row,
        "form": form,
        "history": history(found),
        "may_read_trail": allowed(member, READ.name),
    }
    return render(request, "audit/budget.html", context, status=422 if form and form.errors else 200)


def _limit(request: MemberRequest, found: Budget) -> LimitForm | None:
    if request.method == "POST":
        require(request.visitor.member, BUDGETS.name)
        return LimitForm(request.POST, budget=found)
    return LimitForm(budget=found) if allowed(request.visitor.member, BUDGETS.name) else None


@require_POST
def remove(request: MemberRequest, slug: str, budget_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    remove_budget(member=member, budget=access_budget(member=member, budget_id=budget_id))
    messages.success(request, _("The budget is removed. What was used stays in the usage."))
    return redirect("budgets", slug=slug)
