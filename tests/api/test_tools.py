"""Servers of tools for programs: connected, asked, allowed; no command of theirs, no secret back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from companions.models import McpServer
from tenants.context import use_tenant
from tests.api.conftest import program_of, refused
from tests.fixtures.grants import let_dial
from tests.fixtures.organizations import World
from tests.peers.tool_server import ToolPeer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def peer() -> Iterator[ToolPeer]:
    made = ToolPeer()
    made.lists("forecast", read_only_hint=True)
    made.start()
    yield made
    made.stop()


def test_a_server_is_connected_asked_and_its_tool_allowed(left: World, peer: ToolPeer) -> None:
    let_dial(left.organization, peer.origin)
    owner, entry = program_of(left.owner), {"name": "Weather", "url": peer.url, "token": "never-shown"}
    made = owner.post("tools/servers/", {**entry, "headers": {"x-api-key": "nor-this"}})
    assert made.status_code == 201
    server = made.json()
    assert (server["state"], server["secrets"], server["slug"]) == (
        "draft",
        ["X-Api-Key", "token"],
        "weather",
    )
    found = owner.post(f"tools/servers/{server['id']}/discover/").json()
    assert (found["ok"], found["offered"]) == (True, 1)
    (tool,) = owner.get(f"tools/?server={server['id']}").json()["results"]
    assert tool["schema"]["required"] == ["city"]
    wanted = {"companion_id": str(left.companion.id), "tool_id": tool["id"], "allow": True}
    stale = owner.post("tools/rules/", {**wanted, "seen": "0" * 64})
    refused(stale, 412, "tool_changed")
    rule = owner.post("tools/rules/", {**wanted, "seen": tool["digest"]}).json()
    assert (rule["allow"], rule["confirm"]) == (True, False)
    (only,) = owner.get(f"tools/rules/?tool={tool['id']}").json()["results"]
    assert only == rule
    assert owner.delete(f"tools/rules/{rule['id']}/").status_code == 204
    paused = owner.patch(f"tools/servers/{server['id']}/", {"paused": True}).json()
    assert paused["state"] == "paused"
    moved = owner.patch(f"tools/servers/{server['id']}/", {"url": "https://elsewhere.example/mcp"}).json()
    assert (moved["state"], moved["secrets"]) == ("draft", [])
    whole = owner.get("tools/servers/").content + owner.get(f"tools/servers/{server['id']}/").content
    assert b"never-shown" not in whole
    assert b"nor-this" not in whole
    assert owner.delete(f"tools/servers/{server['id']}/").status_code == 204
    assert owner.get(f"tools/servers/{server['id']}/").status_code == 404


def test_nobody_says_by_the_api_what_is_run(left: World) -> None:
    owner = program_of(left.owner)
    for wrong in (
        {"command": "sh"},
        {"command": ["sh", "-c", "id"]},
        {"command": "time", "args": ["--x"]},
        {"transport": "stdio", "command": "npx"},
        {"url": "https://tools.example/mcp", "env": {"PATH": "/tmp"}},
    ):
        assert owner.post("tools/servers/", {"name": "Shell", **wrong}).status_code == 422, wrong
    with use_tenant(left.context):
        assert not McpServer.objects.filter(name="Shell").exists()


def test_a_member_connects_for_oneself_only(left: World) -> None:
    member, entry = program_of(left.member), {"name": "Mine", "url": "https://tools.example/mcp"}
    refused(member.post("tools/servers/", entry), 403, "missing_permission")
    mine = member.post("tools/servers/", {**entry, "own": True})
    assert (mine.status_code, mine.json()["member_id"]) == (201, str(left.member.id))
    ids = [one["id"] for one in member.get("tools/servers/").json()["results"]]
    assert ids == [mine.json()["id"]], "the organization's are not theirs to see"
    assert program_of(left.owner).get(f"tools/servers/{ids[0]}/").status_code == 404
