"""The form of a companion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companions.choosing import offered_models
from companions.forms.refusing import Lines, Refusing
from companions.forms.structure import Pick, drafted, offered_positions, offered_teams
from companions.models import Companion
from companions.services.companions import MOST_STARTERS


class CompanionForm(Refusing):
    """A companion. Its address is settled when it is made."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    slug = forms.CharField(
        label=gettext_lazy("Address"), max_length=50, required=False,
        help_text=gettext_lazy("The last part of the address of its page. Empty: made of the name."),
    )  # fmt: skip
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"), max_length=200,
        help_text=gettext_lazy("What people read below its name."),
    )  # fmt: skip
    base_prompt = forms.CharField(
        label=gettext_lazy("Base prompt"), max_length=8000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("Who it is and how it works. It is told values, policies and brand besides."),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=Companion.Language.choices)
    model = forms.ChoiceField(label=gettext_lazy("Model"), required=False)
    team_id = Pick(gettext_lazy("Team"))
    position_id = Pick(gettext_lazy("Position"))
    access = forms.ChoiceField(
        label=gettext_lazy("Reached by"), choices=Companion.Access.choices,
        help_text=gettext_lazy("Which other companions may write to it, unless a rule says otherwise."),
    )  # fmt: skip
    starters = Lines(
        label=gettext_lazy("Example questions"),
        help_text=gettext_lazy("One on each line, at most six."),
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=Companion.State.choices)

    def __init__(self, posted: Any = None, *, companion: Companion | None = None) -> None:
        begun: dict[str, Any] = {"seen": 0, "language": Companion.Language.PT_BR}
        if companion is not None:
            begun = {name: getattr(companion, name) for name in self.base_fields if name != "seen"}
            begun["seen"] = companion.version
        super().__init__(posted, initial=begun)
        del self.fields["state" if companion is None else "slug"]
        self.fields["model"].choices = list(_models(companion))  # type: ignore[attr-defined]
        self.fields["team_id"].choices = offered_teams()  # type: ignore[attr-defined]
        self.fields["position_id"].choices = offered_positions()  # type: ignore[attr-defined]

    def clean_starters(self) -> list[str]:
        lines: list[str] = self.cleaned_data["starters"]
        if len(lines) > MOST_STARTERS:
            raise forms.ValidationError(_("At most %(limit)d lines.") % {"limit": MOST_STARTERS})
        return lines

    def draft(self) -> dict[str, Any]:
        return drafted(self)


def _models(companion: Companion | None) -> Iterable[tuple[str, str]]:
    """Those it may be given, and the one it has: choosing nothing new is no mistake."""
    cards = offered_models(companion.team_id if companion else None)
    yield "", _("The organization's own choice")
    yield from ((one.name, one.name) for one in cards)
    if companion and companion.model and companion.model not in {one.name for one in cards}:
        yield companion.model, companion.model
