"""The organization as ends and edges, read for `companions.access`. In the main placement."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from companions.access import ALL, NONE, Edge, Party, Right, Rule, Structure, edge
from companions.models import Companion, CompanionAccess
from companions.permissions import SEND
from tenants.context import current_tenant
from tenants.models import Membership, Position, Team
from tenants.permissions import allowed
from tenants.places import at_main
from tenants.queries import may_enter

GONE = Edge(NONE, dict.fromkeys(Right, "gone"))
_PARTY = ("id", "team_id", "position_id", "access", "state", "removed_at")


@dataclass(frozen=True)
class Network:
    """The companions asked for, the teams of all, and the rules of the senders asked for."""

    parties: dict[uuid.UUID, Party]
    structure: Structure
    rules: dict[uuid.UUID, list[Rule]]
    _known: dict[tuple[object, ...], Edge] = field(default_factory=dict, compare=False)

    def edge(self, sender: uuid.UUID | None, recipient: uuid.UUID | None) -> Edge:
        """Nothing where one of them is gone."""
        ends = [self.parties.get(one) for one in (sender, recipient) if one is not None]
        if len(ends) < 2 or ends[0] is None or ends[1] is None:
            return GONE
        return self._edge(ends[0], ends[1])

    def _edge(self, sender: Party, recipient: Party) -> Edge:
        """Looked up for all who stand in the same place and of whom no rule speaks: thousands are a few."""
        rules = self.rules.get(sender.id, ())
        if recipient.id == sender.id or any(rule.aim == recipient.id for rule in rules):
            return edge(sender, recipient, self.structure, rules)
        place = (sender.id, recipient.team, recipient.level, recipient.access, recipient.works)
        if place not in self._known:
            self._known[place] = edge(sender, recipient, self.structure, rules)
        return self._known[place]


def network(*, senders: Collection[uuid.UUID], recipients: Collection[uuid.UUID] | None = None) -> Network:
    """Between these, as things stand now; without `recipients` towards every companion."""
    with at_main():
        rows = Companion.everything.all()
        if recipients is not None:
            rows = rows.filter(id__in={*senders, *recipients})
        levels = _levels()
        found = [_party(row, levels) for row in rows.order_by("id").values_list(*_PARTY)]
        return Network({one.id: one for one in found if one}, structure(), rules_of(senders))


def structure() -> Structure:
    """The teams of the organization we are in."""
    teams = Team.objects.filter(organization_id=current_tenant().organization_id)
    rows = list(teams.values_list("id", "parent_id", "is_department"))
    return Structure(
        {one: above for one, above, _ in rows}, frozenset(one for one, _, is_one in rows if is_one)
    )


def rules_of(senders: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Rule]]:
    """The explicit rules of each of them."""
    found: dict[uuid.UUID, list[Rule]] = {}
    rows = CompanionAccess.objects.filter(source_id__in=list(senders))
    for source, aim, allow, rights in rows.values_list("source_id", "aim_id", "allow", "rights"):
        found.setdefault(source, []).append(Rule(source, aim, allow, rights_named(rights)))
    return found


def rights_named(names: Iterable[str]) -> frozenset[Right]:
    """The rights a rule is about; all where none is named."""
    known = set(Right)
    return frozenset(Right(one) for one in names if one in known) or ALL


def rights_of(member: Membership | None) -> frozenset[Right]:
    """What a member may let companions do; read at the time of use."""
    return ALL if member is not None and may_enter(member) and allowed(member, SEND.name) else NONE


def acting_member(member_id: uuid.UUID) -> Membership | None:
    """The member a message is sent for, if they are still one."""
    rows = Membership.objects.select_related("user", "organization")
    return rows.filter(id=member_id, organization_id=current_tenant().organization_id).first()


def _levels() -> dict[uuid.UUID, int]:
    rows = Position.objects.filter(organization_id=current_tenant().organization_id)
    return dict(rows.values_list("id", "level"))


def _party(row: tuple[Any, ...], levels: dict[uuid.UUID, int]) -> Party | None:
    id_, team, position, access, state, removed = row
    if removed is not None:
        return None
    return Party(id_, team, levels.get(position), access, state == Companion.State.ACTIVE)
