"""The checks of a policy as rows of its form: each kind asks for what it needs. Works without script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from companions.check_words import CLASSES, KINDS, STAGES
from companions.forms.refusing import Lines

MOST_ROWS = 20
#: Where a kind has a meaning; the others everywhere.
_ONLY = {"disclaimer": ("output",), "tools": ("tool",), "topics": ("input", "output")}
_PLACE = re.compile(r"checks\[(\d+)\](?:\.(\w+))?")


def _classes() -> forms.Field:
    choices = list(CLASSES.items())
    return forms.MultipleChoiceField(
        label=_("Which"), choices=choices, required=False, widget=forms.CheckboxSelectMultiple
    )


def _text(label: Any, limit: int, **options: Any) -> forms.Field:
    return forms.CharField(label=label, max_length=limit, required=False, **options)


#: By kind, the fields it has beside where it looks and what the person reads.
_FIELDS: dict[str, Any] = {
    "pii": lambda: {"classes": _classes()},
    "topics": lambda: {"topics": Lines(label=_("Subjects"))},
    "pattern": lambda: {
        "name": _text(_("Name"), 80),
        "pattern": _text(_("Expression"), 500, help_text=_("In the syntax of RE2; case does not matter.")),
    },
    "disclaimer": lambda: {"text": _text(_("Text"), 1000, widget=forms.Textarea(attrs={"rows": 2}))},
    "tools": lambda: {
        "allowed": Lines(label=_("Names of tools"), help_text=_("One on each line; empty: none."))
    },
}


class CheckForm(forms.Form):
    """One check. What it holds is judged with all others, by the service."""

    message = forms.CharField(
        label=_("What the person reads"), max_length=300, required=False, help_text=_("Empty: our own words.")
    )

    def __init__(self, kind: str, place: int, told: Mapping[str, Any] | None, posted: Any) -> None:
        self.kind, self.place = kind, place
        super().__init__(posted, prefix=f"check-{place}", initial=dict(told or {}))
        stages = [(name, STAGES[name]) for name in _ONLY.get(kind, STAGES)]
        self.fields = {
            "kind": forms.CharField(widget=forms.HiddenInput, initial=kind),
            "stage": forms.ChoiceField(label=_("Looks at"), choices=stages),
            **_FIELDS[kind](),
            **self.fields,
        }

    @property
    def label(self) -> Any:
        return KINDS[self.kind]

    def told(self) -> dict[str, Any]:
        """As the policy keeps it."""
        told = {"kind": self.kind, "stage": self.cleaned_data["stage"]}
        own = {name: self.cleaned_data[name] for name in _FIELDS[self.kind]()}
        message = self.cleaned_data["message"]
        return {**told, **own, **({"message": message} if message else {})}


class CheckRows:
    """The rows of a form: those that were sent, or those that the policy has."""

    def __init__(self, posted: Any = None, checks: Sequence[Mapping[str, Any]] = ()) -> None:
        if posted is None:
            known = [one for one in checks if isinstance(one, Mapping) and one.get("kind") in KINDS]
            self.rows = [_row(one["kind"], place, one) for place, one in enumerate(known)]
        else:
            self.rows = [
                _row(kind, place, None, posted)
                for place in range(MOST_ROWS + 1)
                if (kind := posted.get(f"check-{place}-kind")) in KINDS
            ]

    def is_valid(self) -> bool:
        judged = [one.is_valid() for one in self.rows]  # each, so that all say what is wrong
        return all(judged)

    def unjudged(self) -> None:
        for one in self.rows:
            one._errors = ErrorDict()  # type: ignore[attr-defined]

    def told(self) -> list[dict[str, Any]]:
        return [one.told() for one in self.rows]

    @property
    def full(self) -> bool:
        return len(self.rows) >= MOST_ROWS

    def change(self, do: str, kind: str) -> bool:
        """Add or remove a row, if that is what was pressed."""
        if do == "add" and kind in KINDS and not self.full:
            places = [one.place for one in self.rows]
            self.rows.append(_row(kind, max(places, default=-1) + 1))
            return True
        if do.startswith("remove-"):
            self.rows = [one for one in self.rows if f"remove-{one.place}" != do]
            return True
        return do == "add"

    def refuse(self, field: str, message: str) -> bool:
        """Say it at the row and the field; False where it is about none of them."""
        found = _PLACE.match(field)
        if found is None or int(found[1]) >= len(self.rows):
            return False
        row = self.rows[int(found[1])]
        row.add_error(found[2] if found[2] in row.fields else None, message)
        return True


def _row(kind: str, place: int, told: Mapping[str, Any] | None = None, posted: Any = None) -> CheckForm:
    return CheckForm(kind, place, told, posted)
