"""Pages of teams and positions, for who shapes the organization."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from companions.forms import GoingForm, PositionForm, TeamForm
from companions.publishing import Work, step
from companions.standing import positions_standing, teams_standing
from tenants.models import Position, Team
from tenants.permissions import STRUCTURE, require
from tenants.queries import access_position, access_team
from tenants.services.positions import create_position, dissolve_position, edit_position, on_position
from tenants.services.structuring import version_of
from tenants.services.teams import create_team, dissolve_team, edit_team, goes_with, on_team
from tenants.views import MemberRequest


@require_GET
def teams(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `nodes`, the tree with how many members and companions each has."""
    require(request.visitor.member, STRUCTURE.name)
    return render(request, "companions/teams.html", {"nodes": teams_standing()})


@require_http_methods(["GET", "POST"])
def new_team(request: MemberRequest, slug: str) -> HttpResponse:
    """With `?under=` it begins as a part of that team. Context as `team`, without one."""
    require(request.visitor.member, STRUCTURE.name)
    form = TeamForm(_posted(request), parent=request.GET.get("under", ""))
    return _team(request, None, form, _create(create_team), _("The team is there."))


@require_http_methods(["GET", "POST"])
def team(request: MemberRequest, slug: str, team_id: uuid.UUID) -> HttpResponse:
    """Context: `team`, `form`, and what stands `on` it."""
    member = request.visitor.member
    require(member, STRUCTURE.name)
    row = access_team(member=member, team_id=team_id)
    form = TeamForm(_posted(request), team=row)
    done = _("The team is changed. Who reaches whom, and whom a policy is for, follow at once.")
    return _team(request, row, form, partial(edit_team, team=row), done)


def _team(
    request: MemberRequest, row: Team | None, form: TeamForm, save: Callable[..., Any], done: str
) -> HttpResponse:
    work = Work(
        form=form,
        template="companions/team.html",
        preview=None,
        publish=partial(save, member=request.visitor.member),
        now=lambda: _now(Team, row),
        done=done,
        to="teams",
        context={"team": row, "on": on_team(row) if row else None},
    )
    return step(request, work)


@require_http_methods(["GET", "POST"])
def remove_team(request: MemberRequest, slug: str, team_id: uuid.UUID) -> HttpResponse:
    """What stands on it, where that goes, and what ends with it. Context: `going`, `on`, `ends`, `form`."""
    member = request.visitor.member
    require(member, STRUCTURE.name)
    row = access_team(member=member, team_id=team_id)
    save = partial(dissolve_team, team=row)
    context = {"going": row, "on": on_team(row), "kind": "team", "back": "teams"}
    context["ends"] = goes_with(row)
    return _going(request, row, save, _("The team is removed."), context)


@require_GET
def positions(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `nodes`, the hierarchy with how many members and companions each has."""
    require(request.visitor.member, STRUCTURE.name)
    return render(request, "companions/positions.html", {"nodes": positions_standing()})


@require_http_methods(["GET", "POST"])
def new_position(request: MemberRequest, slug: str) -> HttpResponse:
    """With `?under=` it begins as reporting to that one. Context as `position`, without one."""
    require(request.visitor.member, STRUCTURE.name)
    form = PositionForm(_posted(request), chief=request.GET.get("under", ""))
    return _position(request, None, form, _create(create_position), _("The position is there."))


@require_http_methods(["GET", "POST"])
def position(request: MemberRequest, slug: str, position_id: uuid.UUID) -> HttpResponse:
    """Context: `position`, `form`, and what stands `on` it."""
    member = request.visitor.member
    require(member, STRUCTURE.name)
    row = access_position(member=member, position_id=position_id)
    form = PositionForm(_posted(request), position=row)
    done = _("The position is changed. Who may hand work to whom follows at once.")
    return _position(request, row, form, partial(edit_position, position=row), done)


def _position(
    request: MemberRequest, row: Position | None, form: PositionForm, save: Callable[..., Any], done: str
) -> HttpResponse:
    work = Work(
        form=form,
        template="companions/position.html",
        preview=None,
        publish=partial(save, member=request.visitor.member),
        now=lambda: _now(Position, row),
        done=done,
        to="positions",
        context={"position": row, "on": on_position(row) if row else None},
    )
    return step(request, work)


@require_http_methods(["GET", "POST"])
def remove_position(request: MemberRequest, slug: str, position_id: uuid.UUID) -> HttpResponse:
    """What stands on it and where that goes. Context: `going`, `on`, `form`."""
    member = request.visitor.member
    require(member, STRUCTURE.name)
    row = access_position(member=member, position_id=position_id)
    save = partial(dissolve_position, position=row)
    context = {"going": row, "on": on_position(row), "kind": "position", "back": "positions"}
    return _going(request, row, save, _("The position is removed."), context)


def _going(
    request: MemberRequest, row: Team | Position, save: Callable[..., Any], done: str, context: dict[str, Any]
) -> HttpResponse:
    """Where somebody has changed it meanwhile, it is looked at again first."""
    work = Work(
        form=GoingForm(_posted(request), going=row),
        template="companions/going.html",
        preview=None,
        publish=partial(save, member=request.visitor.member),
        now=lambda: _now(type(row), row),
        done=done,
        to=context["back"],
        context=context,
    )
    return step(request, work)


def _posted(request: MemberRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _create(save: Callable[..., Any]) -> Callable[..., Any]:
    """Nobody could be quicker with what is not there yet."""

    def create(*, version: int | None, **told: Any) -> Any:
        return save(**told)

    return create


def _now(kind: type[Team | Position], row: Team | Position | None) -> int:
    """The version of what is there by now; of what is gone, none that anybody has seen."""
    found = kind._default_manager.filter(id=row.id).first() if row else None
    return version_of(found) if found else 0
