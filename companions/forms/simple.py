"""The forms of a value and of the brand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from companions.forms.refusing import Lines, Refusing
from companions.models import Brand, BrandVersion, Value


class ValueForm(Refusing):
    title = forms.CharField(label=_("Title"), max_length=80)
    description = forms.CharField(
        label=_("Description"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )

    def draft(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("title", "description")}


class BrandForm(Refusing):
    voice_and_tone = forms.CharField(
        label=_("Voice and tone"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    style = forms.CharField(
        label=_("Communication style"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    restrictions = Lines(
        label=_("Do's and don'ts"), rows=6, help_text=_("One on each line: “Say hello”, “No slang”.")
    )

    def draft(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("voice_and_tone", "style", "restrictions")}


def told_by(
    row: Value | Brand | BrandVersion | None, kind: type[Refusing], version: int
) -> dict[str, object]:
    """What a form begins with: the words of the row, and the version that is in force."""
    names = [name for name in kind.base_fields if name != "seen"]
    return {name: getattr(row, name) for name in names if row} | {"seen": version}
