"""The form of a folder."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.models import Folder
from documents.services.folders import INSTRUCTIONS_LIMIT, NAME_LIMIT
from humana.kernel.errors import HumanaError, StaleVersion


class FolderForm(forms.Form):
    """`places` are the folders it may be put into, where its place is chosen here at all."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_LIMIT)
    instructions = forms.CharField(
        label=gettext_lazy("Instructions"), required=False, max_length=INSTRUCTIONS_LIMIT, strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "Companions are told this in every chat inside, after what the folders above say."
        ),
    )  # fmt: skip
    parent_id = forms.ChoiceField(label=gettext_lazy("Inside"), required=False)

    #: Somebody else was quicker: the page says so above the form.
    stale = False

    def __init__(
        self, posted: Any = None, *, folder: Folder | None = None, places: list[tuple[str, str]] | None = None
    ) -> None:
        super().__init__(posted, initial=_told(folder))
        if places is None:
            del self.fields["parent_id"]
        else:
            self.fields["parent_id"].choices = [("", _("no folder, at the top")), *places]  # type: ignore[attr-defined]

    @property
    def version(self) -> int | None:
        found: int | None = self.cleaned_data.get("seen")
        return found

    def draft(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "instructions")}

    def parent(self) -> uuid.UUID | None:
        """The folder chosen; None for the top."""
        text: str = self.cleaned_data.get("parent_id", "")
        return uuid.UUID(text) if text else None

    def refuse(self, refusal: HumanaError) -> None:
        self.stale = isinstance(refusal, StaleVersion)
        if not self.stale:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal.message))


def _told(folder: Folder | None) -> dict[str, object]:
    if folder is None:
        return {}
    return {
        "seen": folder.version,
        "name": folder.name,
        "instructions": folder.instructions,
        "parent_id": str(folder.parent_id or ""),
    }
