"""The form of a budget: whom it is for, how much, and what happens where there is no more."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.budget_names import Names
from audit.budgeting import known, money
from audit.models import Budget
from audit.services.budget_changes import Wish
from humana.kernel.errors import HumanaError

ORGANIZATION = "organization"


class Amount(forms.DecimalField):
    """A number as people write it: 2,000,000 or 2.000.000,50, as their language has it; 1.50 in any."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = "".join(str(value or "").split())
        thousands, decimals = (
            re.escape(get_format(name)) for name in ("THOUSAND_SEPARATOR", "DECIMAL_SEPARATOR")
        )
        if re.fullmatch(rf"[0-9]{{1,3}}({thousands}[0-9]{{3}})+({decimals}[0-9]+)?", text):
            text = text.replace(get_format("THOUSAND_SEPARATOR"), "")
        return super().to_python(text.replace(get_format("DECIMAL_SEPARATOR"), ".") or None)


class LimitForm(forms.Form):
    """What can be changed of a budget. `seen` is the version that the person began with."""

    amount = Amount(label=gettext_lazy("Limit"), max_digits=20, decimal_places=2, localize=True)
    hard = forms.TypedChoiceField(
        label=gettext_lazy("When it is used up"),
        choices=[
            ("1", gettext_lazy("Refuse: nobody whom it is for gets an answer until the next period")),
            ("", gettext_lazy("Warn and go on: nothing is refused")),
        ],
        coerce=bool,
        required=False,
        empty_value="",
        initial="1",
        widget=forms.RadioSelect,
    )
    warn_at = forms.IntegerField(
        label=gettext_lazy("Say so when this much is used, in percent"), min_value=1, max_value=99, initial=80
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, posted: Any = None, *, budget: Budget | None = None) -> None:
        initial = None if budget is None else _said(budget)
        super().__init__(posted, initial=initial)
        self.fields["amount"].widget.attrs.update(inputmode="decimal", autocomplete="off")
        if budget is not None:
            self.fields["amount"].help_text = _unit(budget.unit, budget.currency)

    def refuse(self, refusal: HumanaError) -> None:
        """Say what a service refused, beside the field that it names."""
        named = {"scope", "team_id", "member_id", "companion_id"}
        field = "subject" if refusal.field in named else refusal.field
        self.add_error(field if field in self.fields else None, str(refusal.message))

    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("amount", "warn_at")} | {
            "hard": bool(self.cleaned_data["hard"])
        }


class BudgetForm(LimitForm):
    """A new one."""

    subject = forms.ChoiceField(label=gettext_lazy("For whom"))
    each = forms.TypedChoiceField(
        label=gettext_lazy("How it is shared"),
        choices=[
            ("", gettext_lazy("One pot that all of them share")),
            ("1", gettext_lazy("The same allowance for each member")),
        ],
        coerce=bool,
        required=False,
        empty_value="",
        widget=forms.RadioSelect,
    )
    period = forms.ChoiceField(label=gettext_lazy("For how long"), initial="month")
    unit = forms.ChoiceField(label=gettext_lazy("Counted in"), initial="tokens")

    field_order = ("subject", "each", "period", "unit", "amount", "hard", "warn_at")

    def __init__(self, posted: Any = None, *, names: Names) -> None:
        super().__init__(posted)
        self.fields["subject"].choices = _subjects(names)  # type: ignore[attr-defined]
        self.fields["period"].choices = [  # type: ignore[attr-defined]
            ("month", _("A calendar month")),
            ("day", _("A day")),
        ]
        self.fields["unit"].choices = [  # type: ignore[attr-defined]
            ("tokens", _("Tokens")),
            ("money", _("Money (%(currency)s)") % {"currency": known().currency}),
        ]

    def wish(self) -> Wish:
        scope, _colon, subject = self.cleaned_data["subject"].partition(":")
        return Wish(
            scope=scope,
            subject_id=uuid.UUID(subject) if subject else None,
            each=bool(self.cleaned_data["each"]),
            period=self.cleaned_data["period"],
            unit=self.cleaned_data["unit"],
            **self.wanted(),
        )


def _subjects(names: Names) -> list[Any]:
    """In groups, so that one list does for all."""
    groups = (
        (_("Teams"), "team", names.teams),
        (_("Members"), "member", names.members),
        (_("Companions"), "companion", names.companions),
    )
    offered: list[Any] = [(ORGANIZATION, _("The whole organization"))]
    for label, scope, known_names in groups:
        rows = sorted(known_names.items(), key=lambda pair: pair[1].casefold())
        if rows:
            offered.append((label, [(f"{scope}:{key}", name) for key, name in rows]))
    return offered


def _said(budget: Budget) -> dict[str, Any]:
    in_money = budget.unit == Budget.Unit.MONEY
    return {
        "amount": money(budget.amount).quantize(Decimal("0.01")) if in_money else Decimal(budget.amount),
        "hard": "1" if budget.hard else "",
        "warn_at": budget.warn_at,
        "seen": budget.version,
    }


def _unit(unit: str, currency: str) -> str:
    return _("In %(currency)s.") % {"currency": currency} if unit == "money" else _("In tokens.")
