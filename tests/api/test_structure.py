"""A program shapes an organization: teams, positions, where members stand, its companions; only its own."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.http import HttpResponse

from companions.models import Companion
from tenants.context import use_tenant
from tenants.models import ControlEvent, Membership, Team
from tenants.services.positions import create_position
from tenants.services.teams import create_team
from tests.api.conftest import Program, program_of, refused
from tests.fixtures.organizations import World
from tests.isolation.snapshots import everything_of

pytestmark = pytest.mark.django_db
NINA = {"name": "Nina", "purpose": "Bakes", "base_prompt": "You are Nina.", "language": "en"}


def told(answer: HttpResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return json.loads(answer.content) if answer.content else None


def test_teams_and_positions_from_making_to_going(twin: Program, left: World) -> None:
    made = twin.post("teams/", {"name": "Bread", "is_department": True})
    bread = told(made, 201)
    assert made["Location"].endswith(f"/api/v1/teams/{bread['id']}/")
    oven = told(twin.post("teams/", {"name": "Oven", "parent_id": bread["id"]}), 201)
    assert {one["name"]: one["parent_id"] for one in told(twin.get("teams/"))["results"]} == {
        "Bread": None,
        "Oven": bread["id"],
    }
    read = twin.get(f"teams/{bread['id']}/")
    assert (read["ETag"], told(read)) == (made["ETag"], bread)
    assert twin.get(f"teams/{bread['id']}/", if_none_match=read["ETag"]).status_code == 304
    address = f"teams/{bread['id']}/"
    changed = told(twin.patch(address, {"name": "Breads"}, if_match=made["ETag"]))
    assert (changed["name"], changed["is_department"]) == ("Breads", True), "what is not sent stays"
    refused(twin.patch(address, {"name": "Mine"}, if_match=made["ETag"]), 412, "stale_version")
    refused(twin.delete(address, if_match=made["ETag"]), 412, "stale_version")
    round_ = twin.patch(address, {"parent_id": oven["id"]})
    refused(round_, 422, "circle", "parent_id")
    assert "Breads › Oven › Breads" in json.loads(round_.content)["error"]["message"]
    refused(twin.post("teams/", {"name": "oven"}), 409, "name_taken", "name")
    refused(twin.delete(address), 409, "in_use")
    refused(twin.post(address + "dissolve/", {}), 422, "invalid", "move_to")
    told(twin.post(address + "dissolve/", {"move_to": None}), 204)
    assert told(twin.get(f"teams/{oven['id']}/"))["parent_id"] is None
    assert twin.delete(f"teams/{oven['id']}/").status_code == 204
    chief = told(twin.post("positions/", {"title": "Chief"}), 201)
    helper = told(twin.post("positions/", {"title": "Helper", "reports_to_id": chief["id"]}), 201)
    assert (chief["level"], helper["level"]) == (0, 1)
    refused(twin.patch(f"positions/{helper['id']}/", {"level": 0}), 422, "not_below", "level")
    told(twin.post(f"positions/{chief['id']}/dissolve/", {"move_to": None}), 204)
    assert [one["title"] for one in told(twin.get("positions/?limit=1"))["results"]] == ["Helper"]
    with use_tenant(left.context):
        actions = ControlEvent.objects.filter(organization=left.organization).values_list("action", flat=True)
        assert {"team.created", "team.changed", "team.removed", "position.removed"} <= set(actions)


def test_where_a_member_stands(twin: Program, left: World) -> None:
    team = told(twin.post("teams/", {"name": "Bread"}), 201)["id"]
    address = f"members/{left.member.id}/"
    before = twin.get(address)
    placed = told(twin.patch(address, {"team_id": team}, if_match=before["ETag"]))
    assert (placed["team_id"], placed["position_id"], placed["person"]["name"]) == (team, None, "Bruno")
    refused(twin.patch(address, {"team_id": None}, if_match=before["ETag"]), 412, "stale_version")
    assert placed in told(twin.get("members/"))["results"]
    assert told(twin.patch(address, {"team_id": None}))["team_id"] is None
    refused(twin.patch(address, {"email": "me@x.example"}), 422, "unknown_field", "email")


def test_a_companion_from_making_to_coming_back(twin: Program, left: World) -> None:
    nina = told(twin.post("companions/", NINA | {"access": "team"}), 201)
    address = f"companions/{nina['id']}/"
    assert (nina["access"], nina["slug"]) == ("team", "nina")
    team = told(twin.post("teams/", {"name": "Bread"}), 201)["id"]
    told(twin.patch(address, {"team_id": team}))
    listed = [told(twin.get(f"companions/?team_id={one}"))["results"] for one in (team, uuid.uuid4())]
    assert [[one["name"] for one in found] for found in listed] == [["Nina"], []]
    changed = told(twin.patch(address, {"access": "restricted", "state": "paused"}))
    assert (changed["access"], changed["state"]) == ("restricted", "paused")
    refused(twin.patch(address, {"access": "everyone"}), 422, "invalid", "access")
    for body in ({"model": "somebody-elses"}, {"model": "gpt-5", "team_id": None}):
        refused(twin.patch(address, body), 422, "unknown", "model")
    refused(twin.post("companions/", NINA | {"model": "x", "slug": "n2"}), 422, "unknown", "model")
    refused(twin.delete(address, if_match='"1.0000000000000000"'), 412, "stale_version")
    assert twin.delete(address).status_code == 204
    assert twin.get(address).status_code == 404
    assert told(twin.post(address + "restore/"))["name"] == "Nina"
    assert twin.get(address).status_code == 200


def test_what_is_not_ones_own_is_missing_in_every_field_and_nothing_happens(
    twin: Program, left: World, right: World
) -> None:
    made = []
    for world in (left, right):
        with use_tenant(world.context):
            made.append((create_team(name="Bread").id, create_position(title="Chief").id))
    (team, position), theirs = made
    member, clara = left.member.id, left.companion.id
    attempts = [
        ("POST", "teams/", {"name": "New", "parent_id": theirs[0]}, "parent_id"),
        ("PATCH", f"teams/{team}/", {"parent_id": theirs[0]}, "parent_id"),
        ("POST", f"teams/{team}/dissolve/", {"move_to": theirs[0]}, "move_to"),
        ("POST", "positions/", {"title": "New", "reports_to_id": theirs[1]}, "reports_to_id"),
        ("PATCH", f"positions/{position}/", {"reports_to_id": theirs[1]}, "reports_to_id"),
        ("POST", f"positions/{position}/dissolve/", {"move_to": theirs[1]}, "move_to"),
        ("PATCH", f"members/{member}/", {"team_id": theirs[0]}, "team_id"),
        ("PATCH", f"members/{member}/", {"position_id": theirs[1]}, "position_id"),
        ("POST", "companions/", NINA | {"team_id": theirs[0]}, "team_id"),
        ("PATCH", f"companions/{clara}/", {"position_id": theirs[1], "name": "Mine"}, "position_id"),
        ("PATCH", f"members/{right.member.id}/", {"team_id": None}, None),
        ("PATCH", f"teams/{theirs[0]}/", {"name": "Mine"}, None),
        ("DELETE", f"teams/{theirs[0]}/", None, None),
        ("DELETE", f"positions/{theirs[1]}/", None, None),
        ("DELETE", f"companions/{right.companion.id}/", None, None),
        ("POST", f"companions/{right.companion.id}/restore/", None, None),
    ]
    before = everything_of(left), everything_of(right)
    for method, path, body, field in attempts:
        named = body and {name: str(one) if isinstance(one, uuid.UUID) else one for name, one in body.items()}
        refused(twin.send(method, path, named), 404, "not_found", field)
    assert (everything_of(left), everything_of(right)) == before


def test_permission_and_scope_are_read_each_time(twin: Program, plain: Program, left: World) -> None:
    team = told(twin.post("teams/", {"name": "Bread"}), 201)["id"]
    assert len(told(plain.get("teams/"))["results"]) == 1
    for method, path in (
        ("POST", "teams/"),
        ("PATCH", f"teams/{team}/"),
        ("DELETE", f"teams/{team}/"),
        ("POST", f"teams/{team}/dissolve/"),
        ("POST", "positions/"),
        ("GET", "members/"),
        ("DELETE", f"companions/{left.companion.id}/"),
    ):
        refused(plain.send(method, path, {"name": "Mine"}), 403, "missing_permission")
    narrow = program_of(left.owner, scopes=["organization.see_structure"])
    assert narrow.get("teams/").status_code == 200
    refused(narrow.post("teams/", {"name": "Mine"}), 403, "missing_scope")
    Membership.objects.filter(id=left.twin.id).update(role="manager")
    refused(twin.patch(f"teams/{team}/", {"name": "As I was"}), 403, "missing_permission")
    with use_tenant(left.context):
        assert Team.objects.get(id=team).name == "Bread"
        assert Companion.objects.filter(id=left.companion.id).exists()
