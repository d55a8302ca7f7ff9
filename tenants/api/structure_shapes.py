"""Teams and positions, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime

from rest_framework import serializers

from humana.api.inputs import IdOf, Input, Text, YesNo
from humana.api.shapes import Shape
from tenants.models import Position, Team
from tenants.services.positions import LOWEST
from tenants.services.structuring import version_at, version_of

__all__ = ["version_at"]

TEAM_COLUMNS = ("id", "name", "parent_id", "is_department", "created_at", "updated_at")
POSITION_COLUMNS = ("id", "title", "reports_to_id", "level", "created_at", "updated_at")


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


def team(row: Team) -> TeamShape:
    return TeamShape(*[*(getattr(row, name) for name in TEAM_COLUMNS), version_of(row)])


def position(row: Position) -> PositionShape:
    return PositionShape(*[*(getattr(row, name) for name in POSITION_COLUMNS), version_of(row)])
