"""Teams and positions for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.api import structure_shapes as shapes
from tenants.models import Position, Team
from tenants.permissions import SEE_STRUCTURE, STRUCTURE
from tenants.queries import access_position, access_team, positions, teams
from tenants.services.positions import create_position, dissolve_position, edit_position, remove_position
from tenants.services.structuring import version_of
from tenants.services.teams import create_team, dissolve_team, edit_team, remove_team

READ_AND_WRITE = {
    "GET": SEE_STRUCTURE.name,
    "POST": STRUCTURE.name,
    "PATCH": STRUCTURE.name,
    "DELETE": STRUCTURE.name,
}


class TeamListView(ListView):
    """The organization's teams by name; `parent_id` makes them a tree."""

    permissions = READ_AND_WRITE
    listed = ("listTeams", "Teams by name")
    shape = shapes.TeamShape
    columns = shapes.TEAM_COLUMNS
    order = ("name", "id")

    def rows(self, request: Request, **named: Any) -> QuerySet[Team]:
        return teams()

    def shown(self, rows: list[Any]) -> list[shapes.TeamShape]:
        return [shapes.TeamShape(*(*row, shapes.version_at(row[-1]))) for row in rows]

    @operation("createTeam", "Make a team", takes=shapes.TeamInput, gives=shapes.TeamShape, status=201)
    def post(self, request: Request) -> HttpResponse:
        row = create_team(member=self.member, **self.body(shapes.TeamInput))
        address = f"/api/v1/teams/{row.id}/"
        return self.answer(shapes.team(row), status=201, version=version_of(row), location=address)


class TeamView(ApiView):
    """One team."""

    permissions = READ_AND_WRITE

    @operation("readTeam", "One team", gives=shapes.TeamShape)
    def get(self, request: Request, team_id: uuid.UUID) -> HttpResponse:
        row = access_team(member=self.member, team_id=team_id)
        return self.answer(shapes.team(row), version=version_of(row))

    @operation(
        "editTeam",
        "Rename a team, mark it as a department, or move it with all below it",
        takes=shapes.TeamInput,
        gives=shapes.TeamShape,
    )
    def patch(self, request: Request, team_id: uuid.UUID) -> HttpResponse:
        row = access_team(member=self.member, team_id=team_id)
        wanted: Any = self.body(shapes.TeamInput, partial=True)
        version = expected(request, version_of(row))
        row = edit_team(member=self.member, team=row, version=version, **wanted)
        return self.answer(shapes.team(row), version=version_of(row))

    @operation("removeTeam", "Remove a team on which nothing stands; 409 says what does", status=204)
    def delete(self, request: Request, team_id: uuid.UUID) -> HttpResponse:
        row = access_team(member=self.member, team_id=team_id)
        self.no_body()
        remove_team(member=self.member, team=row, version=expected(request, version_of(row)))
        return self.nothing()


class DissolveTeamView(ApiView):
    """A team that goes, and where what stands on it goes."""

    permission = STRUCTURE.name

    @operation(
        "dissolveTeam",
        "Move members, companions and teams below to another team, and remove the team",
        takes=shapes.TeamHeir,
        status=204,
    )
    def post(self, request: Request, team_id: uuid.UUID) -> HttpResponse:
        row = access_team(member=self.member, team_id=team_id)
        dissolve_team(member=self.member, team=row, **self.body(shapes.TeamHeir))
        return self.nothing()


class PositionListView(ListView):
    """The organization's positions from the top; `reports_to_id` makes them a hierarchy."""

    permissions = READ_AND_WRITE
    listed = ("listPositions", "Positions from the top")
    shape = shapes.PositionShape
    columns = shapes.POSITION_COLUMNS
    order = ("level", "title", "id")

    def rows(self, request: Request, **named: Any) -> QuerySet[Position]:
        return positions()

    def shown(self, rows: list[Any]) -> list[shapes.PositionShape]:
        return [shapes.PositionShape(*(*row, shapes.version_at(row[-1]))) for row in rows]

    @operation(
        "createPosition",
        "Make a position; without a level, the one below what it reports to",
        takes=shapes.PositionInput,
        gives=shapes.PositionShape,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        row = create_position(member=self.member, **self.body(shapes.PositionInput))
        address = f"/api/v1/positions/{row.id}/"
        return self.answer(shapes.position(row), status=201, version=version_of(row), location=address)


class PositionView(ApiView):
    """One position."""

    permissions = READ_AND_WRITE

    @operation("readPosition", "One position", gives=shapes.PositionShape)
    def get(self, request: Request, position_id: uuid.UUID) -> HttpResponse:
        row = access_position(member=self.member, position_id=position_id)
        return self.answer(shapes.position(row), version=version_of(row))

    @operation(
        "editPosition",
        "Change a position or what it reports to",
        takes=shapes.PositionInput,
        gives=shapes.PositionShape,
    )
    def patch(self, request: Request, position_id: uuid.UUID) -> HttpResponse:
        row = access_position(member=self.member, position_id=position_id)
        wanted: Any = self.body(shapes.PositionInput, partial=True)
        version = expected(request, version_of(row))
        row = edit_position(member=self.member, position=row, version=version, **wanted)
        return self.answer(shapes.position(row), version=version_of(row))

    @operation("removePosition", "Remove a position on which nothing stands; 409 says what does", status=204)
    def delete(self, request: Request, position_id: uuid.UUID) -> HttpResponse:
        row = access_position(member=self.member, position_id=position_id)
        self.no_body()
        remove_position(member=self.member, position=row, version=expected(request, version_of(row)))
        return self.nothing()


class DissolvePositionView(ApiView):
    """A position that goes, and where what stands on it goes."""

    permission = STRUCTURE.name

    @operation(
        "dissolvePosition",
        "Move members, companions and who reports to it to another position, and remove the position",
        takes=shapes.PositionHeir,
        status=204,
    )
    def post(self, request: Request, position_id: uuid.UUID) -> HttpResponse:
        row = access_position(member=self.member, position_id=position_id)
        dissolve_position(member=self.member, position=row, **self.body(shapes.PositionHeir))
        return self.nothing()
