"""The forms of what is known and of capabilities."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companions.audience_names import names
from companions.forms.refusing import Refusing
from companions.knowledge import titles
from companions.models import Capability, Companion, KnowledgeAsset
from companions.models.knowledge import Level
from companions.services.capabilities import MOST_INSTRUCTIONS
from companions.services.knowledge import MOST_CHARACTERS
from companions.sharing import is_within

#: Bytes of a file: every character may take four.
MOST_BYTES = 4 * MOST_CHARACTERS


class Shared(Refusing):
    """What has a level around a team. Levels wider than `widest` are not offered."""

    level = forms.ChoiceField(label=gettext_lazy("Who is told"), choices=Level.choices)
    team_id = forms.ChoiceField(
        label=gettext_lazy("Team"), required=False,
        help_text=gettext_lazy("Around whom “its team” and “its department” are meant."),
    )  # fmt: skip

    def within(self, widest: str, *, team: bool) -> None:
        """No wider; without `team` the team is not chosen here."""
        self.fields["level"].choices = [  # type: ignore[attr-defined]
            one for one in Level.choices if is_within(one[0], widest)
        ]
        if team:
            self.fields["team_id"].choices = [("", _("no team")), *names().choices("teams")]  # type: ignore[attr-defined]
        else:
            del self.fields["team_id"]

    def clean_team_id(self) -> uuid.UUID | None:
        text: str = self.cleaned_data["team_id"]
        return uuid.UUID(text) if text else None

    def draft(self) -> dict[str, Any]:
        return {name: one for name, one in self.cleaned_data.items() if name not in ("seen", "file")}


class AssetForm(Shared):
    """Text that is written here, or read of a file; a file goes before what is written."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=160, required=False)
    summary = forms.CharField(label=gettext_lazy("Summary"), max_length=400, required=False)
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, widget=forms.Textarea(attrs={"rows": 14}), strip=False,
        help_text=gettext_lazy(
            "Plain text or Markdown. Companions are told the passages that fit a question."
        ),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("Or a text file"), required=False,
        widget=forms.FileInput(attrs={"accept": ".md,.txt,text/plain,text/markdown"}),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=Companion.Language.choices)
    field_order = ("seen", "title", "summary", "text", "file", "language", "level", "team_id")

    def __init__(
        self,
        posted: Any = None,
        files: Any = None,
        *,
        asset: KnowledgeAsset | None,
        widest: str,
        shares: bool,
    ) -> None:
        """`shares` is somebody who shares what they know, around their own team."""
        super().__init__(posted, files, initial=_told(asset, self, widest))
        self.within(widest, team=not shares)
        if asset is not None:
            del self.fields["file"]
        if shares:
            del self.fields["summary"]

    def clean_file(self) -> str | None:
        sent = self.cleaned_data["file"]
        if sent is None:
            return None
        if sent.size > MOST_BYTES:
            message = _("The file is too large: at most %(limit)d characters.")
            raise forms.ValidationError(message % {"limit": MOST_CHARACTERS})
        try:
            return str(sent.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This is not a text file in UTF-8. Save it as such.")) from None

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if told.get("file"):
            told["text"] = told["file"]
            told["title"] = told.get("title") or _title_of(
                told["file"], getattr(self.files["file"], "name", "")
            )
        return told


class CapabilityForm(Shared):
    """Only what the kind has is asked for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=400, required=False)
    instructions = forms.CharField(
        label=gettext_lazy("Instructions"), required=False, max_length=MOST_INSTRUCTIONS,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("What companions are told to do, from their next answer on."),
    )  # fmt: skip
    asset_id = forms.ChoiceField(label=gettext_lazy("Knowledge"), required=False)
    field_order = ("seen", "name", "description", "instructions", "asset_id", "level", "team_id")

    def __init__(self, posted: Any = None, *, kind: str, capability: Capability | None) -> None:
        super().__init__(posted, initial=_told(capability, self, Level.PUBLIC))
        self.within(Level.PUBLIC, team=True)
        if kind != Capability.Kind.SKILL:
            del self.fields["instructions"]
        if kind != Capability.Kind.KNOWLEDGE:
            del self.fields["asset_id"]
            return
        rows = titles()
        self.fields["asset_id"].choices = [("", _("none")), *((str(key), title) for key, title in rows)]  # type: ignore[attr-defined]

    def clean_asset_id(self) -> uuid.UUID | None:
        text: str = self.cleaned_data["asset_id"]
        return uuid.UUID(text) if text else None


def _told(row: Any, form: Any, widest: str) -> dict[str, object]:
    if row is None:
        return {"seen": 0, "level": widest}
    kept = [name for name in form.base_fields if name not in ("seen", "file")]
    return {name: getattr(row, name) for name in kept} | {"seen": row.version}


def _title_of(text: str, name: str) -> str:
    """The first heading, else the name of the file."""
    first = next((one for one in text.splitlines() if one.strip()), "")
    return (first.lstrip("# ").strip() if first.startswith("#") else name.rpartition(".")[0] or name)[:160]
