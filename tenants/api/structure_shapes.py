"""Teams, positions and members, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime

from rest_framework import serializers

from humana.api.inputs import IdOf, Input, Text, YesNo
from humana.api.shapes import NameRef, Shape
from tenants.models import Membership, Position, Team
from tenants.services.positions import LOWEST
from tenants.services.structuring import version_at, version_of

__all__ = ["version_at"]

TEAM_COLUMNS = ("id", "name", "parent_id", "is_department", "created_at", "updated_at")
POSITION_COLUMNS = ("id", "title", "reports_to_id", "level", "created_at", "updated_at")
MEMBER_COLUMNS = (
    "id", "user_id", "user__name", "user__email", "role", "state", "team_id", "position_id", "updated_at",
)  # fmt: skip


class TeamShape(Shape, frozen=True):
    """A team. `parent_id` is the team that it is part of."""

    id: uuid.UUID
    name: str
    parent_id: uuid.UUID | None
    is_department: bool
    created_at: datetime
    updated_at: datetime
    version: int


class PositionShape(Shape, frozen=True):
    """A position. Of two, the one with the smaller `level` stands higher; 0 is the top."""

    id: uuid.UUID
    title: str
    reports_to_id: uuid.UUID | None
    level: int
    created_at: datetime
    updated_at: datetime
    version: int


class MemberShape(Shape, frozen=True):
    """A person in the organization, and where they stand in it."""

    id: uuid.UUID
    person: NameRef
    email: str
    role: str
    state: str
    team_id: uuid.UUID | None
    position_id: uuid.UUID | None
    version: int


class TeamInput(Input):
    """A team. Its name is its own among all teams of the organization, whatever its capitals."""

    name = Text(max_length=80)
    parent_id = IdOf(required=False, allow_null=True)
    is_department = YesNo(required=False)


class TeamHeir(Input):
    """Where all that stands on a team goes; null is no team."""

    move_to = IdOf(allow_null=True)


class PositionInput(Input):
    """A position. Whoever reports to another has a greater level than that one."""

    title = Text(max_length=80)
    reports_to_id = IdOf(required=False, allow_null=True)
    level = serializers.IntegerField(required=False, min_value=0, max_value=LOWEST)


class PositionHeir(Input):
    """Where all that stands on a position goes; null is no position."""

    move_to = IdOf(allow_null=True)


class PlaceInput(Input):
    """Where a member stands; null is nowhere. What is not sent stays as it is."""

    team_id = IdOf(required=False, allow_null=True)
    position_id = IdOf(required=False, allow_null=True)


def team(row: Team) -> TeamShape:
    return TeamShape(*[*(getattr(row, name) for name in TEAM_COLUMNS), version_of(row)])


def position(row: Position) -> PositionShape:
    return PositionShape(*[*(getattr(row, name) for name in POSITION_COLUMNS), version_of(row)])


def member(row: Membership) -> MemberShape:
    """Of a member who was read with the person."""
    return member_of(
        row.id, row.user_id, row.user.name, row.user.email, row.role, row.state, row.team_id,
        row.position_id, row.updated_at,
    )  # fmt: skip


def member_of(
    id_: uuid.UUID,
    user_id: uuid.UUID,
    name: str,
    email: str,
    role: str,
    state: str,
    team_id: uuid.UUID | None,
    position_id: uuid.UUID | None,
    updated_at: datetime,
) -> MemberShape:
    """Of the columns in MEMBER_COLUMNS."""
    person = NameRef(user_id, name or email)
    return MemberShape(id_, person, email, role, state, team_id, position_id, version_at(updated_at))
