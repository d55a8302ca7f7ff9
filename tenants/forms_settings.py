"""Forms of the settings about people, keys, members, invitations and the organization."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from humana.kernel.zones import zone_name, zones
from tenants.models import Membership, Organization, Role, User
from tenants.models.organizations import Regulation
from tenants.permissions import permissions, permissions_of, permissions_of_role
from tenants.queries import positions, teams
from tenants.ranks import may_give, roles_to_give
from tenants.refusing import SettingsForm
from tenants.services.structuring import version_at, version_of

#: Offered on the page; the API takes any.
CURRENCIES = ("BRL", "USD", "EUR", "GBP", "ARS", "CLP", "COP", "MXN", "PYG", "UYU")


class Pick(forms.TypedChoiceField):
    """One of the organization's own, or none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, empty_value=None, **options)


class ProfileForm(SettingsForm):
    """What people say of themselves, wherever they work."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As the organization or the browser says")),
                                                      *settings.LANGUAGES]
    )  # fmt: skip
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, posted: Any = None, *, user: User) -> None:
        told = {name: getattr(user, name) for name in ("name", "language", "theme", "time_zone")}
        super().__init__(posted, initial=told | {"seen": version_at(user.updated_at)})
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", _("As the organization says")), *with_zone(user.time_zone),
        ]  # fmt: skip


class KeyForm(SettingsForm):
    """A key of one's own. Without any box ticked it may all that its owner may."""

    name = forms.CharField(label=_("What it is for"), max_length=80)
    lasts = forms.TypedChoiceField(
        label=_("Good for"), coerce=int, empty_value=None, required=False,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year")), ("", _("until it is revoked"))],
        initial=90,
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: everything that you may do."),
    )  # fmt: skip

    def __init__(self, posted: Any = None, *, member: Membership) -> None:
        super().__init__(posted)
        own = permissions_of(member)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (name, one.label) for name, one in permissions.items() if name in own
        ]

    def draft(self) -> dict[str, Any]:
        told = super().draft()
        days: int | None = told.pop("lasts")
        return told | {"expires_at": _in(days)}


class StandingForm(SettingsForm):
    """A member's role."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, posted: Any = None, *, member: Membership, who: Membership) -> None:
        super().__init__(posted, initial={"role": who.role, "seen": version_of(who)}, auto_id="role-%s")
        self.fields["role"].choices = roles_to_give(member)  # type: ignore[attr-defined]


class PlaceForm(SettingsForm):
    """Where a member stands."""

    team_id = Pick(label=_("Team"))
    position_id = Pick(label=_("Position"))

    def __init__(self, posted: Any = None, *, who: Membership) -> None:
        told = {"team_id": who.team_id, "position_id": who.position_id, "seen": version_of(who)}
        super().__init__(posted, initial=told, auto_id="place-%s")
        _offer_places(self)


class PermissionsForm(SettingsForm):
    """What a member may do, each named; what the role gives is ticked."""

    granted = forms.MultipleChoiceField(
        label=_("What they may do"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, posted: Any = None, *, member: Membership, who: Membership) -> None:
        self.by_role = permissions_of_role(who)
        now = permissions_of(who)
        super().__init__(posted, initial={"granted": sorted(now), "seen": version_of(who)}, auto_id="may-%s")
        offered = permissions_of(member) | now
        self.fields["granted"].choices = [  # type: ignore[attr-defined]
            (name, one.label) for name, one in permissions.items() if name in offered
        ]

    def draft(self) -> dict[str, Any]:
        """As it is kept: what is beside the role, and what is missing of it."""
        granted = set(self.cleaned_data["granted"])
        return {
            "extra_permissions": sorted(granted - self.by_role),
            "withheld_permissions": sorted(self.by_role - granted),
        }


class RoleForm(SettingsForm):
    """A role of the organization's own: what it is called and what it permits."""

    name = forms.CharField(label=_("Name"), max_length=80)
    permissions = forms.MultipleChoiceField(
        label=_("What it may do"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, posted: Any = None, *, member: Membership, role: Role | None = None) -> None:
        now = sorted(set(role.permissions) & set(permissions)) if role else []
        told = {"name": role.name, "permissions": now, "seen": version_of(role)} if role else {}
        super().__init__(posted, initial=told)
        offered = may_give(member) | set(now)
        self.fields["permissions"].choices = [  # type: ignore[attr-defined]
            (name, one.label) for name, one in permissions.items() if name in offered
        ]


class HeirForm(SettingsForm):
    """Which role they get who have the one that goes."""

    move_to = forms.ChoiceField(label=_("Which role they get"), required=False)

    def __init__(self, posted: Any = None, *, member: Membership, role: Role) -> None:
        super().__init__(posted, initial={"seen": version_of(role)})
        offered = [one for one in reversed(roles_to_give(member)) if one[0] != role.slug]
        self.fields["move_to"].choices = [("", _("Choose one")), *offered]  # type: ignore[attr-defined]


class InviteForm(SettingsForm):
    """Whom to invite, and as what; several addresses come as people paste them."""

    emails = forms.CharField(
        label=_("E-mail addresses"), widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_("One on each line, or with commas between."), max_length=20_000,
    )  # fmt: skip
    role = forms.ChoiceField(label=_("Role"))
    team_id = Pick(label=_("Team"))
    position_id = Pick(label=_("Position"))
    language = forms.ChoiceField(
        label=_("Language of the letter"), choices=settings.LANGUAGES,
        help_text=_("Whoever has chosen a language on Humana gets it in that one."),
    )  # fmt: skip

    def __init__(self, posted: Any = None, *, member: Membership) -> None:
        super().__init__(posted, initial={"role": "member", "language": member.organization.language})
        self.fields["role"].choices = list(reversed(roles_to_give(member)))  # type: ignore[attr-defined]
        _offer_places(self)

    def draft(self) -> dict[str, Any]:
        told = super().draft()
        return told | {"emails": re.split(r"[\s,;]+", told["emails"].strip())}


class ArrivingForm(SettingsForm):
    """A new person behind an invitation."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    password = forms.CharField(
        label=_("A password"), strip=False, max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip


class OrganizationForm(SettingsForm):
    """What the organization says of itself."""

    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of letters that are sent to everybody.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Whose days are counted in figures, and in what is reported.")
    )
    currency = forms.ChoiceField(label=_("Currency"))
    retention_days = forms.IntegerField(
        label=_("Keep the trail for (days)"), required=False, min_value=1,
        help_text=_("Empty keeps it for good. A regulation may ask for longer."),
    )  # fmt: skip
    regulations = forms.MultipleChoiceField(
        label=_("Regulations that apply"), required=False, choices=Regulation.choices,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, posted: Any = None, *, organization: Organization) -> None:
        names = ("name", "language", "time_zone", "currency", "retention_days", "regulations")
        told = {name: getattr(organization, name) for name in names}
        super().__init__(posted, initial=told | {"seen": version_at(organization.updated_at)})
        self.fields["time_zone"].choices = with_zone(told["time_zone"])  # type: ignore[attr-defined]
        self.fields["currency"].choices = _with(told["currency"], CURRENCIES)  # type: ignore[attr-defined]


def _offer_places(form: SettingsForm) -> None:
    none = ("", _("none"))
    offered = {
        "team_id": [(one.id, one.name) for one in teams()],
        "position_id": [(one.id, one.title) for one in positions()],
    }
    for name, found in offered.items():
        field: Any = form.fields[name]
        field.choices = [none, *found]
        field.coerce = {str(one): one for one, _label in found}.__getitem__


def with_zone(now: str) -> list[tuple[str, str]]:
    """Every zone by the name of its place; the one that is said now, by whichever of its names, stays."""
    offered = zones()
    if not now or now in dict(offered):
        return offered
    name = zone_name(now)
    return [(now, name), *(one for one in offered if one[1] != name)]


def _with(now: str, offered: Any) -> list[tuple[str, str]]:
    """What is said now stays possible."""
    names = list(offered)
    return [(one, one) for one in ([now, *names] if now and now not in names else names)]


def _in(days: int | None) -> datetime | None:
    return timezone.now() + timedelta(days=days) if days else None
