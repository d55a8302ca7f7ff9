"""What each budget is for, by name: teams and members of the control plane, companions by their port."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from humana.kernel.ports import companion_names
from tenants.context import current_tenant
from tenants.models import Membership, Team


class For(Protocol):
    """What a title is made of: a rule, or the row."""

    @property
    def scope(self) -> str: ...
    @property
    def subject_id(self) -> uuid.UUID | None: ...
    @property
    def period(self) -> str: ...
    @property
    def each(self) -> bool: ...
    @property
    def currency(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Names:
    """By id; who is not there any more is missing."""

    teams: Mapping[uuid.UUID, str]
    members: Mapping[uuid.UUID, str]
    companions: Mapping[uuid.UUID, str]

    def team(self, team_id: uuid.UUID | None) -> str:
        return self.teams.get(team_id, "") if team_id else str(_("no team"))

    def member(self, member_id: uuid.UUID | None) -> str:
        return (self.members.get(member_id) if member_id else "") or str(_("somebody who left"))

    def companion(self, companion_id: uuid.UUID | None) -> str:
        return (self.companions.get(companion_id) if companion_id else "") or str(
            _("a companion that is gone")
        )

    def subject(self, one: For) -> str:
        if one.scope == "organization":
            return str(_("Whole organization"))
        name = {"team": self.team, "member": self.member, "companion": self.companion}[one.scope]
        return name(one.subject_id) or str(_("a team that is gone"))


def names() -> Names:
    """All of the organization's, in three queries."""
    here = current_tenant().organization_id
    members = Membership.objects.filter(organization_id=here).select_related("user")
    return Names(
        teams=dict(Team.objects.filter(organization_id=here).values_list("id", "name")),
        members={one.id: str(one.user) for one in members},
        companions=companion_names(),
    )


def title_of(one: For, known: Names | None = None) -> str:
    """One line, as in a list or a letter."""
    subject = (known or names()).subject(one)
    words = {
        ("month", False): _("%(subject)s, each month (%(unit)s)"),
        ("day", False): _("%(subject)s, each day (%(unit)s)"),
        ("month", True): _("%(subject)s, each month for each member (%(unit)s)"),
        ("day", True): _("%(subject)s, each day for each member (%(unit)s)"),
    }
    return words[one.period, one.each] % {"subject": subject, "unit": one.currency or _("tokens")}
