"""Budgets for programs: the same services as the pages; the days of usage; and what a member has left."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from audit.budget_lists import Listed, access_budget, budgets, budgets_named, rule_of, standing
from audit.budget_names import names
from audit.budgeting import known, money
from audit.models import Budget, UsageDay
from audit.permissions import BUDGETS, SEE_BUDGETS, USAGE
from audit.services.budget_changes import Wish, change_budget, make_budget, remove_budget
from audit.spent import days
from humana.api.filters import Day, Id
from humana.api.inputs import IdOf, Input, YesNo
from humana.api.lists import ListView, MergedListView
from humana.api.schema import operation
from humana.api.shapes import Shape
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import Invalid

READ_AND_WRITE = {
    "GET": SEE_BUDGETS.name,
    "POST": BUDGETS.name,
    "PATCH": BUDGETS.name,
    "DELETE": BUDGETS.name,
}


class BudgetShape(Shape, frozen=True):
    """How much may be used, and what of the present period is. Amounts are tokens, or money in `currency`.

    `subject_id` names the team, member or companion that it is for. With `each` every member has `amount`,
    and `used` and `reserved` are those of the fullest one; otherwise all share it. `reserved` is held for
    answers under way. A `hard` one refuses what has no room; any other only warns, from `warn_at` percent on.
    """

    id: uuid.UUID
    title: str
    scope: str
    subject_id: uuid.UUID | None
    unit: str
    currency: str
    amount: Decimal
    period: str
    each: bool
    hard: bool
    warn_at: int
    used: Decimal
    reserved: Decimal
    unpriced: int
    starts_on: date
    ends_on: date


class LimitInput(Input):
    """What can be changed of a budget; `amount` in tokens, or in its currency."""

    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    hard = YesNo(default=True)
    warn_at = serializers.IntegerField(min_value=1, max_value=99, default=80)


class BudgetInput(LimitInput):
    """A new one: for a team, a member or a companion, or for the whole organization where none is named."""

    team_id = IdOf(required=False, allow_null=True)
    member_id = IdOf(required=False, allow_null=True)
    companion_id = IdOf(required=False, allow_null=True)
    unit = serializers.ChoiceField(Budget.Unit.choices)
    period = serializers.ChoiceField(Budget.Period.choices)
    each = YesNo(default=False)


class UsageDayShape(Shape, frozen=True):
    """What one member used of one model by one companion in a day of the organization's time zone.

    `cost` is in `currency`; what the `unpriced` uses cost is not in it. `estimated_tokens` are ours, of
    answers that broke off before the model counted.
    """

    id: uuid.UUID
    day: date
    companion_id: uuid.UUID | None
    member_id: uuid.UUID | None
    team_id: uuid.UUID | None
    model: str
    currency: str
    answers: int
    input_tokens: int
    output_tokens: int
    estimated_tokens: int
    cost: Decimal
    unpriced: int


class BudgetListView(ListView):
    """The organization's budgets, the oldest first."""

    permissions = READ_AND_WRITE
    listed = ("listBudgets", "Budgets with what is used of each")
    shape = BudgetShape
    columns = ("id", "created_at")
    order = ("created_at", "id")

    def rows(self, request: Request, **named: Any) -> QuerySet[Budget]:
        return budgets(member=self.member)

    def shown(self, rows: list[Any]) -> list[BudgetShape]:
        found = standing(budgets_named([row[0] for row in rows]), names())
        return [_shape(one) for one in found]

    @operation("createBudget", "Make a budget", takes=BudgetInput, gives=BudgetShape, status=201)
    def post(self, request: Request) -> HttpResponse:
        row = make_budget(member=self.member, wish=_wish(self.body(BudgetInput)))
        return self.answer(
            shape_of(row), status=201, version=row.version, location=f"/api/v1/budgets/{row.id}/"
        )


class BudgetView(ApiView):
    """One budget."""

    permissions = READ_AND_WRITE

    @operation("readBudget", "One budget", gives=BudgetShape)
    def get(self, request: Request, budget_id: uuid.UUID) -> HttpResponse:
        row = access_budget(member=self.member, budget_id=budget_id)
        return self.answer(shape_of(row), version=row.version)

    @operation("editBudget", "Change its limit", takes=LimitInput, gives=BudgetShape)
    def patch(self, request: Request, budget_id: uuid.UUID) -> HttpResponse:
        row = access_budget(member=self.member, budget_id=budget_id)
        wanted = self.body(LimitInput, partial=True)
        version = expected(request, row.version)
        row = change_budget(member=self.member, budget=row, version=version, wanted=wanted)
        return self.answer(shape_of(row), version=row.version)

    @operation("removeBudget", "Remove a budget", status=204)
    def delete(self, request: Request, budget_id: uuid.UUID) -> HttpResponse:
        row = access_budget(member=self.member, budget_id=budget_id)
        self.no_body()
        remove_budget(member=self.member, budget=row, version=expected(request, row.version))
        return self.nothing()


class UsageDayView(MergedListView):
    """The ledger added up by day; every placement's."""

    permission = USAGE.name
    listed = ("listUsageDays", "What was used, by day, companion, member and model, the latest first")
    shape = UsageDayShape
    columns = UsageDayShape.__struct_fields__
    order = ("-day", "-id")
    filters = {
        "companion": Id("Only answers of this companion."),
        "member": Id("Only answers to this member."),
        "team": Id("Only answers to members who were in this team."),
        "since": Day("From this day on."),
        "until": Day("Before this day."),
    }
    CONDITIONS = {
        "companion": "companion_id",
        "member": "member_id",
        "team": "team_id",
        "since": "day__gte",
        "until": "day__lt",
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[UsageDay]:
        return days().filter(**{self.CONDITIONS[name]: value for name, value in self.asked.items()})

    def shown(self, rows: list[Any]) -> list[UsageDayShape]:
        at = self.columns.index("cost")
        return [UsageDayShape(*(*row[:at], money(row[at]), *row[at + 1 :])) for row in rows]


def _wish(body: dict[str, Any]) -> Wish:
    ids = {scope: body.pop(f"{scope}_id", None) for scope in ("team", "member", "companion")}
    named = [(scope, found) for scope, found in ids.items() if found is not None]
    if len(named) > 1:
        raise Invalid(_("A budget is for one of them only."), field=f"{named[1][0]}_id")
    scope, subject = named[0] if named else (Budget.Scope.ORGANIZATION.value, None)
    return Wish(scope=scope, subject_id=subject, **body)


def shape_of(row: Budget) -> BudgetShape:
    (one,) = standing([row], names())
    return _shape(one)


def _shape(one: Listed) -> BudgetShape:
    row, rule, today = one.budget, rule_of(one.budget), known().today
    amount, used, reserved = (_amount(row, parts) for parts in (row.amount, one.used, one.reserved))
    return BudgetShape(
        row.id, one.title, row.scope, row.subject_id, row.unit, row.currency, amount, row.period, row.each,
        row.hard, row.warn_at, used, reserved, one.unpriced, rule.starts(today), rule.ends(today),
    )  # fmt: skip


def _amount(row: Budget, parts: int) -> Decimal:
    return money(parts) if row.unit == Budget.Unit.MONEY else Decimal(parts)
