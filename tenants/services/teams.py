"""Teams: made, changed, moved in their tree, removed. What they lead to follows at once, everywhere.

Edges between companions, whom a policy is for and what is configured for a team are read anew each time,
or no later than a second after (`tenants.freshness`). `member=None` is Humana itself.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, astuple, dataclass
from typing import Any, TypedDict, Unpack

from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, Invalid
from humana.kernel.ports import bound_to_team, resettle
from humana.kernel.text import clean_line
from tenants.config.snapshot import snapshot
from tenants.context import current_tenant
from tenants.models import ConfigValue, Invitation, Membership, Team
from tenants.permissions import STRUCTURE
from tenants.services.structuring import (
    announce,
    apply,
    can_stand_under,
    free_name,
    hold,
    in_turn,
    judge,
    keep,
    ours,
    parents_of,
    room_for_one_more,
    standing,
    stands_free,
)
from tenants.structure import Standing, below


class TeamChanges(TypedDict, total=False):
    """What can be changed; what is not given stays as it is. `parent_id` moves it with all below it."""

    name: str
    parent_id: uuid.UUID | None
    is_department: bool


@dataclass(frozen=True, slots=True)
class OnTeam:
    """What stands on a team: teams below it, members, settings of its own, and what companions bring."""

    teams: tuple[str, ...]
    members: int
    settings: int
    above: Standing

    @property
    def needs_a_place(self) -> bool:
        """Whether something has to go elsewhere before the team can go."""
        return bool(self.teams or self.members or self.above.companions)


def create_team(
    *,
    member: Membership | None = None,
    name: str,
    parent_id: uuid.UUID | None = None,
    is_department: bool = False,
) -> Team:
    """A team of the organization we are in. Conflict where another one has its name."""
    judge(member, STRUCTURE)
    name = clean_line(name, field="name", limit=80)
    with in_turn(Team) as here:
        room_for_one_more(Team)
        ours(Team, parent_id, "parent_id")
        row = Team(
            organization_id=here, name=free_name(Team, name), parent_id=parent_id, is_department=is_department
        )
        can_stand_under(Team, row.id, parent_id)
        keep(row)
        announce("team.created", row, name=row.name, part_of=parent_id, department=is_department)
    return row


def edit_team(
    *,
    member: Membership | None = None,
    team: Team,
    version: int | None = None,
    **changes: Unpack[TeamChanges],
) -> Team:
    """Change what is given, also where it stands. Invalid for a circle, which it names."""
    judge(member, STRUCTURE)
    wanted: dict[str, Any] = dict(changes)
    if "name" in wanted:
        wanted["name"] = clean_line(wanted["name"], field="name", limit=80)
    with in_turn(Team):
        row = hold(Team, team.id, version)
        _may_become(row, wanted)
        changed = apply(row, wanted)
        if changed:
            keep(row)
            announce("team.changed", row, name=row.name, part_of=row.parent_id, changed=changed)
    return row


def _may_become(row: Team, wanted: dict[str, Any]) -> None:
    if wanted.get("name", row.name) != row.name:
        free_name(Team, wanted["name"], besides=row.id)
    if wanted.get("parent_id", row.parent_id) != row.parent_id:
        ours(Team, wanted["parent_id"], "parent_id")
        can_stand_under(Team, row.id, wanted["parent_id"])


def on_team(team: Team) -> OnTeam:
    """What stands on it now, for who asks before removing it."""
    settings = ConfigValue.objects.filter(organization_id=team.organization_id, subject=team.id)
    return OnTeam(
        tuple(Team.objects.filter(parent=team).order_by("name").values_list("name", flat=True)),
        Membership.objects.filter(team=team).count(),
        settings.filter(layer="team").count(),
        standing(team),
    )


@dataclass(frozen=True, slots=True)
class WithTeam:
    """How many things are for a team and for nobody once it is gone; invitations come without a team then."""

    folders: int = 0
    documents: int = 0
    budgets: int = 0
    knowledge: int = 0
    capabilities: int = 0
    invitations: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))

    def told(self) -> dict[str, int]:
        """Those there are, by kind."""
        return {name: number for name, number in asdict(self).items() if number}


def goes_with(team: Team) -> WithTeam:
    """What ends with it now, for who asks before removing it, and for the trail."""
    pending = Invitation.objects.filter(team=team, state=Invitation.State.PENDING)
    return WithTeam(**bound_to_team(team.id), invitations=pending.count())


def remove_team(*, member: Membership | None = None, team: Team, version: int | None = None) -> None:
    """Only where nothing stands on it; what was configured for it goes with it. Else Conflict, which
    says what does.
    """
    judge(member, STRUCTURE)
    with in_turn(Team):
        row = hold(Team, team.id, version)
        found = on_team(row)
        if found.needs_a_place:
            raise Conflict(_stands_on(found), code="in_use")
        _remove(row, found, None)


def dissolve_team(
    *, member: Membership | None = None, team: Team, move_to: uuid.UUID | None, version: int | None = None
) -> None:
    """Members, companions and the teams below go to another team, or to none, and the team is removed.

    Conflict while policies are for it or access rules name it: where somebody is moved, those would
    silently cease to hold. What was configured for it goes with it.
    """
    judge(member, STRUCTURE)
    with in_turn(Team):
        row = hold(Team, team.id, version)
        ours(Team, move_to, "move_to")
        found = on_team(row)
        if move_to in below(parents_of(Team), row.id):
            message = _("Choose another team: neither this one nor one below it.")
            raise Invalid(message, field="move_to", code="circle")
        for one in Team.objects.select_for_update().filter(parent=row):
            can_stand_under(Team, one.id, move_to)
            one.parent_id = move_to
            one.save()
        Membership.objects.filter(team=row).update(team_id=move_to, updated_at=timezone.now())
        _remove(row, found, move_to)


def _remove(row: Team, found: OnTeam, move_to: uuid.UUID | None) -> None:
    """Companions removed for now name it too, so they are moved in any case."""
    stands_free(found.above)
    ends = goes_with(row).told()
    moved = resettle("team", row.id, move_to)
    told = {"members": found.members, "teams": list(found.teams), "companions": moved, "moved_to": move_to}
    announce("team.removed", row, name=row.name, **told, **({"ends": ends} if ends else {}))
    row.delete()
    snapshot.changed(current_tenant().organization_id)


def _stands_on(found: OnTeam) -> str:
    told = [
        (found.teams, _("teams below it: %(what)s"), ", ".join(found.teams)),
        (found.members, _("members: %(what)s"), found.members),
        (found.above.companions, _("companions: %(what)s"), found.above.companions),
    ]
    words = "; ".join(sentence % {"what": what} for there, sentence, what in told if there)
    return _("Something stands on this team: %(what)s. Say where to move it.") % {"what": words}
