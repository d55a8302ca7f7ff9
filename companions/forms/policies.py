"""The form of a policy: what it says, whom it is for, what is checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companions.audience import LISTS
from companions.audience_names import companions_at, names
from companions.forms.checks import CheckRows
from companions.forms.refusing import Lines, Refusing
from companions.models import Mode, Policy, PolicyVersion
from humana.kernel.errors import HumanaError

ALL, SOME = "all", "some"
#: More of a kind than these are not offered one by one.
MOST_OFFERED = 300


def _picker(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, required=False, widget=forms.CheckboxSelectMultiple)


class PolicyForm(Refusing):
    """`checks` are its rows. Whom it may be for is read when the form is made."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    regulation = forms.CharField(
        label=gettext_lazy("Regulation"), max_length=60,
        help_text=gettext_lazy("A law, a norm or a rule of the house: LGPD, ISO 27001…"),
    )  # fmt: skip
    requirement = forms.CharField(
        label=gettext_lazy("Requirement"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("What companions are told, in words that a person would understand."),
    )  # fmt: skip
    active = forms.BooleanField(label=gettext_lazy("In force"), required=False, initial=True)
    reach = forms.ChoiceField(
        label=gettext_lazy("Applies to"),
        choices=[(ALL, gettext_lazy("Every companion")), (SOME, gettext_lazy("Only those chosen here"))],
        widget=forms.RadioSelect,
    )
    teams = _picker(gettext_lazy("Teams, with all below them"))
    positions = _picker(gettext_lazy("Positions"))
    companions = _picker(gettext_lazy("Companions"))
    others = Lines(
        label=gettext_lazy("Other companions, by their address"),
        help_text=gettext_lazy("One on each line: the last part of the address of a companion's page."),
    )
    mode = forms.ChoiceField(label=gettext_lazy("Where a check finds something"), choices=Mode.choices)

    def __init__(
        self, posted: Any = None, *, policy: Policy | None = None, said: PolicyVersion | None = None
    ) -> None:
        """`said` is an earlier version of the policy, to begin with what it said."""
        super().__init__(posted, initial=_told(policy, said))
        known, begun = names(), said or policy
        for kind in LISTS:
            self.fields[kind].choices = self._offered(known.choices(kind), kind)  # type: ignore[attr-defined]
        if len(known.companions) <= MOST_OFFERED:
            del self.fields["others"]
        self.checks = CheckRows(posted, begun.checks if begun else ())

    def is_valid(self) -> bool:
        judged = [super().is_valid(), self.checks.is_valid()]  # both, so that all say what is wrong
        return all(judged)

    def _offered(self, choices: list[tuple[str, str]], kind: str) -> list[tuple[str, str]]:
        """All, or where they are too many to look through, those that are chosen."""
        if len(choices) <= MOST_OFFERED:
            return choices
        sent: Any = self.data
        chosen = sent.getlist(kind) if self.is_bound else self.initial.get(kind, ())
        return [one for one in choices if one[0] in set(chosen)]

    def clean_others(self) -> list[str]:
        """Their ids."""
        slugs: list[str] = self.cleaned_data["others"]
        found = {slug: str(key) for key, slug in companions_at(slugs)}
        unknown = [one for one in slugs if one not in found]
        if unknown:
            message = _("There is no companion with this address: %(names)s.")
            raise forms.ValidationError(message % {"names": ", ".join(unknown)})
        return list(found.values())

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        told["companions"] = [*told.get("companions", ()), *told.get("others", ())]
        if told.get("reach") == SOME and not any(told.get(kind) for kind in LISTS):
            message = _("Choose at least one team, position or companion, or every companion.")
            self.add_error("reach", message)
        return told

    def draft(self) -> dict[str, Any]:
        """What the services take."""
        told = self.cleaned_data
        some = {kind: told[kind] for kind in LISTS if told[kind]} if told["reach"] == SOME else {}
        words = {name: told[name] for name in ("name", "regulation", "requirement", "active", "mode")}
        return {**words, "audience": some, "checks": self.checks.told()}

    def unjudged(self) -> None:
        super().unjudged()
        self.checks.unjudged()

    def refuse(self, refusal: HumanaError) -> None:
        if not self.checks.refuse(refusal.field or "", str(refusal.message)):
            super().refuse(refusal)

    @property
    def pickers(self) -> list[forms.BoundField]:
        """Those that have something to choose from."""
        return [self[kind] for kind in LISTS if self.fields[kind].choices]  # type: ignore[attr-defined]


def _told(policy: Policy | None, said: PolicyVersion | None) -> dict[str, Any]:
    if policy is None:
        return {"seen": 0, "active": True, "reach": ALL, "mode": Mode.BLOCK}
    begun = said or policy
    told = {name: getattr(begun, name) for name in ("regulation", "requirement", "active", "mode")}
    audience = begun.audience if isinstance(begun.audience, dict) else {}
    reach = SOME if any(audience.values()) else ALL
    name = said.named if said else policy.name
    return {**told, **audience, "name": name, "reach": reach, "seen": policy.version}
