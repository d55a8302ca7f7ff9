"""The form of a file of the brand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from companions.brand_files import brand_assets
from companions.forms.refusing import Refusing
from companions.models import BrandAsset


class AssetForm(Refusing):
    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=BrandAsset.Kind.choices)

    def draft(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "kind")}


def asset_forms(
    editing: tuple[BrandAsset, AssetForm] | None = None,
) -> list[tuple[BrandAsset, AssetForm, bool]]:
    """Every file of the brand with its form, and whether that one stands open: the one `editing`."""
    open_id = editing[0].id if editing else None
    return [
        (row, editing[1] if editing and row.id == open_id else _form(row), row.id == open_id)
        for row in brand_assets()
    ]


def _form(row: BrandAsset) -> AssetForm:
    """The labels of each are its own."""
    initial = {"name": row.name, "kind": row.kind, "seen": row.version}
    return AssetForm(initial=initial, auto_id=f"asset_{row.id.hex}_%s")
