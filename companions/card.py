"""What a companion's page says of it beside its name: where it stands, what reaches it, how it does."""

from __future__ import annotations

from dataclasses import dataclass, field

from companions.choosing import chosen_model
from companions.infrastructure import Service, serving
from companions.intelligence.periods import last_days
from companions.intelligence.reading import of_companion, today
from companions.intelligence.tally import Tally
from companions.knowledge import capabilities_of
from companions.models import Capability, Companion, ToolRule
from companions.tools import offerable
from tenants.context import current_tenant
from tenants.models import Membership, Position, Team
from tenants.places import at_main

#: Days of the figures, and tools that are named.
DAYS, MOST_TOOLS = 30, 30


@dataclass(frozen=True, slots=True)
class Card:
    """`service` is what answers for it and how that is; None where nothing is connected."""

    team: str
    department: str
    position: str
    reports_to: str
    service: Service | None
    tally: Tally
    days: int = DAYS
    capabilities: list[Capability] = field(default_factory=list)
    tools: list[ToolRule] = field(default_factory=list)


def card_of(companion: Companion, member: Membership) -> Card:
    """Of a companion that this member may see; of tools those that this member's conversations have."""
    team, department = _team(companion)
    position, reports_to = _position(companion)
    model = chosen_model(companion)
    return Card(
        team=team,
        department=department,
        position=position,
        reports_to=reports_to,
        service=serving(model) if model else None,
        tally=of_companion(companion.id, last_days(DAYS, today())),
        capabilities=capabilities_of(companion),
        tools=_tools(companion, member),
    )


def _tools(companion: Companion, member: Membership) -> list[ToolRule]:
    with at_main():
        return list(offerable(companion.id, member.id)[:MOST_TOOLS])


def _team(companion: Companion) -> tuple[str, str]:
    """Its team, and the department above it if that is another one."""
    if companion.team_id is None:
        return "", ""
    rows = Team.objects.filter(organization_id=current_tenant().organization_id)
    known = {one.id: one for one in rows}
    team = known.get(companion.team_id)
    at, seen = team, set()
    while at is not None and not at.is_department and at.id not in seen:
        seen.add(at.id)
        at = known.get(at.parent_id) if at.parent_id else None
    department = at.name if at is not None and at is not team and at.is_department else ""
    return team.name if team else "", department


def _position(companion: Companion) -> tuple[str, str]:
    """Its title, and that of whom it reports to."""
    if companion.position_id is None:
        return "", ""
    rows = Position.objects.filter(organization_id=current_tenant().organization_id)
    found = rows.select_related("reports_to").filter(id=companion.position_id).first()
    above = found.reports_to if found else None
    return found.title if found else "", above.title if above else ""
