"""Rows of a form: what the models of an endpoint can do, and what they cost.

One row is one model. An empty row is none, so a row goes by emptying it; there are always some empty ones to
fill in. What a program said of a model that has no column here stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from byoc.models import Endpoint
from byoc.pricing import CURRENCY, EVERY_MODEL, MILLION

Widgets = Mapping[str, Callable[..., forms.Widget]]
#: Rows to fill in behind those that are there; and how many there may be.
EMPTY, MOST = 2, 200
#: Says that the rows were in the page: a program that posts without them changes nothing of theirs.
SHOWN = "models_shown"
CURRENCY_FIELD = "currency"
LIMIT = "limit_"
LIMITS: dict[str, Any] = {
    "max_output_tokens": gettext_lazy("Longest answer, in tokens"),
    "context_tokens": gettext_lazy("Longest conversation, in tokens"),
}
#: Of a model: what it can do. Empty leaves it to what is known of it.
ABILITIES: dict[str, Any] = {
    "base": gettext_lazy("Known as"),
    "tools": gettext_lazy("Tools"),
    "vision": gettext_lazy("Pictures"),
    "max_output_tokens": gettext_lazy("Longest answer, in tokens"),
    "context_tokens": gettext_lazy("Longest conversation, in tokens"),
}
#: Per million tokens.
RATES: dict[str, Any] = {
    "input": gettext_lazy("Price of tokens read"),
    "output": gettext_lazy("Price of tokens written"),
    "cached": gettext_lazy("Price of tokens remembered"),
}
_AS_KNOWN = [("", gettext_lazy("As known")), ("true", gettext_lazy("Yes")), ("false", gettext_lazy("No"))]
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


@dataclass(frozen=True, slots=True)
class Row:
    """One model on the page: its name in the heading, its fields."""

    title: str
    fields: list[forms.BoundField]


class ModelRows:
    """The fields of all rows, by names such as `model_0_name`; `data` is what was posted, if anything."""

    def __init__(self, endpoint: Endpoint | None, data: Mapping[str, Any] | None, widgets: Widgets) -> None:
        self._endpoint, self._widgets = endpoint, widgets
        known = list(_known(endpoint))
        posted = sum(_name(number, "name") in data for number in range(MOST)) if data else 0
        self.count = min(max(len(known) + EMPTY, posted), MOST)
        self.initial = {
            _name(number, column): value
            for number, row in enumerate(known)
            for column, value in row.items()
        }  # fmt: skip
        self.initial |= {LIMIT + name: value for name, value in (endpoint.limits if endpoint else {}).items()}
        self.initial[CURRENCY_FIELD] = (endpoint.prices if endpoint else {}).get("currency", CURRENCY)
        self.initial[SHOWN] = "1"

    def fields(self) -> dict[str, forms.Field]:
        made: dict[str, forms.Field] = {
            LIMIT + name: self._number(label, forms.IntegerField, "int", least=1)
            for name, label in LIMITS.items()
        }
        made[SHOWN] = forms.CharField(required=False, widget=forms.HiddenInput)
        made[CURRENCY_FIELD] = forms.CharField(
            label=gettext_lazy("Currency of the prices"),
            required=False,
            min_length=3,
            max_length=3,
            help_text=gettext_lazy("Three letters, like USD or BRL."),
            widget=self._widgets["text"](attrs=_PLAIN),
        )
        for number in range(self.count):
            made |= {_name(number, column): field for column, field in self._columns().items()}
        return made

    def rows(self, form: forms.Form) -> list[Row]:
        """For the page: each with a heading that says which model it is about."""
        columns = ["name", *ABILITIES, *RATES]
        return [
            Row(
                str(form[_name(number, "name")].value() or _("One more model")),
                [form[_name(number, column)] for column in columns],
            )
            for number in range(self.count)
        ]

    def judge(self, form: forms.Form) -> None:
        """A row without a name, or with another's, says so at its name."""
        seen = set[str]()
        for number in range(self.count):
            row = self._row(number, form.cleaned_data)
            name = row.pop("name")
            if not name and row:
                form.add_error(_name(number, "name"), _("Name the model, or empty the whole row."))
            elif name in seen:
                form.add_error(_name(number, "name"), _("This model stands in another row already."))
            seen |= {name} - {""}

    def told(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """`offers`, `limits` and `prices` as the service takes them; nothing where there were no rows."""
        if not cleaned.get(SHOWN):
            return {}
        rows = [row for number in range(self.count) if (row := self._row(number, cleaned))["name"]]
        return {"offers": self._offers(rows), "limits": _limits(cleaned), "prices": _prices(rows, cleaned)}

    def _offers(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        before = {one["name"]: one for one in (self._endpoint.offers if self._endpoint else [])}
        offers = []
        for row in rows:
            can = {column: _truth(row[column]) for column in ABILITIES if column in row}
            kept = {k: v for k, v in before.get(row["name"], {}).items() if k not in ABILITIES}
            if can or kept or not set(row) & set(RATES):
                offers.append({**kept, "name": row["name"], **can})
        return [one for one in offers if one["name"] != EVERY_MODEL]

    def _row(self, number: int, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """What stands in it; of empty fields only the name."""
        found = {column: cleaned.get(_name(number, column)) for column in (*ABILITIES, *RATES)}
        name = cleaned.get(_name(number, "name")) or ""
        return {"name": name, **{column: value for column, value in found.items() if value not in ("", None)}}

    def _columns(self) -> dict[str, forms.Field]:
        made: dict[str, forms.Field] = {
            "name": self._line(gettext_lazy("Name of the model")),
            "base": self._line(ABILITIES["base"]),
        }
        for column in ("tools", "vision"):
            made[column] = forms.ChoiceField(
                label=ABILITIES[column], choices=_AS_KNOWN, required=False, widget=self._widgets["choice"]()
            )
        for column in ("max_output_tokens", "context_tokens"):
            made[column] = self._number(ABILITIES[column], forms.IntegerField, "int", least=1)
        for column, label in RATES.items():
            made[column] = self._number(label, forms.DecimalField, "decimal", least=0, max_value=MILLION - 1)
        return made

    def _line(self, label: Any) -> forms.CharField:
        return forms.CharField(
            label=label, required=False, max_length=120, widget=self._widgets["text"](attrs=_PLAIN)
        )

    def _number(
        self, label: Any, kind: type[forms.IntegerField], widget: str, *, least: int, **bounds: Any
    ) -> forms.Field:
        attrs = {"step": "any"} if widget == "decimal" else None
        made = self._widgets[widget](attrs=attrs)
        return kind(label=label, required=False, min_value=least, widget=made, **bounds)


def _name(number: int, column: str) -> str:
    return f"model_{number}_{column}"


def _known(endpoint: Endpoint | None) -> Iterator[dict[str, Any]]:
    """What is kept of each model: first those with abilities, then those that are only priced."""
    if endpoint is None:
        return
    prices = dict(endpoint.prices.get("models", {}))
    for one in endpoint.offers:
        told = {column: _written(one[column]) for column in ABILITIES if column in one}
        yield {"name": one["name"], **told, **prices.pop(one["name"], {})}
    for name, rates in prices.items():
        yield {"name": name, **rates}


def _written(value: Any) -> Any:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def _truth(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _limits(cleaned: Mapping[str, Any]) -> dict[str, int]:
    return {name: cleaned[LIMIT + name] for name in LIMITS if cleaned.get(LIMIT + name) is not None}


def _prices(rows: list[dict[str, Any]], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    models = {row["name"]: _rates(row) for row in rows if set(row) & set(RATES)}
    if not models:
        return {}
    return {"currency": (cleaned.get(CURRENCY_FIELD) or CURRENCY).upper(), "models": models}


def _rates(row: Mapping[str, Any]) -> dict[str, str]:
    """As text: a number of JSON would not keep the last digit."""
    return {column: _plain(row[column]) for column in RATES if column in row}


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
