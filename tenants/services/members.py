"""Where a member stands. What is configured for their team follows at the next request."""

from __future__ import annotations

import uuid
from typing import TypedDict, Unpack

from tenants.models import Membership, Position, Team
from tenants.permissions import MEMBERS
from tenants.services.structuring import announce, apply, hold, judge, ours
from tenants.transactions import control_atomic


class Place(TypedDict, total=False):
    """What is not given stays as it is; None is no team, or no position."""

    team_id: uuid.UUID | None
    position_id: uuid.UUID | None


def place_member(
    *, member: Membership | None = None, who: Membership, version: int | None = None, **place: Unpack[Place]
) -> Membership:
    """Give somebody a team and a position of the organization. StaleVersion as everywhere."""
    judge(member, MEMBERS)
    with control_atomic():
        ours(Team, place.get("team_id"), "team_id")  # before the member: in the order of a removal
        ours(Position, place.get("position_id"), "position_id")
        row = hold(Membership, who.id, version)
        changed = apply(row, place)
        if changed:
            row.save(update_fields=[*changed, "updated_at"])
            announce("placed", row, team=row.team_id, position=row.position_id, changed=changed)
    return row
