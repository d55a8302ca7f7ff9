"""What an administrator sees of tools: connect a server, look at what it offers, allow a companion one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from companions.models import McpServer, McpTool, ToolRule
from tenants.context import use_tenant
from tests.fixtures.grants import let_dial
from tests.fixtures.organizations import World
from tests.peers.tool_server import ToolPeer

pytestmark = pytest.mark.django_db
TOOLS = "/o/left/settings/tools/"


@pytest.fixture(scope="module")
def peer() -> Iterator[ToolPeer]:
    made = ToolPeer()
    made.lists("delete", description="Gone <b>for good</b>", destructive_hint=True)
    made.lists("anything", {"type": "object", "patternProperties": {".*": {}}})
    made.start()
    yield made
    made.stop()


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_server_is_connected_and_a_companion_gets_its_tool(
    left: World, owner: Client, peer: ToolPeer
) -> None:
    entry = {"name": "Bookings", "url": peer.url, "token": "never-shown", "own": "no", "seen": "0"}
    closed = owner.post(f"{TOOLS}new/", entry)
    page = text(owner, closed["Location"])
    assert "does not lead to a public address; an operator can grant it." in page
    let_dial(left.organization, peer.origin)
    answer = owner.post(f"{closed['Location']}ask/")
    page = text(owner, answer["Location"])
    assert "It answers, and offers 1 tool. 1 was refused." in page
    assert "Gone &lt;b&gt;for good&lt;/b&gt;" in page
    assert "never-shown" not in page
    with use_tenant(left.context):
        server = McpServer.objects.get(name="Bookings")
        tool = McpTool.objects.get(server=server, name="delete")
    allow = {"companion": left.companion.id, "seen": tool.digest, "allow": "yes", "confirm": "on"}
    answer = owner.post(f"{TOOLS}{server.id}/tools/{tool.id}/allow/", allow)
    assert "Clara may use delete." in text(owner, answer["Location"])
    with use_tenant(left.context):
        rule = ToolRule.objects.get(tool=tool)
        assert (rule.allow, rule.confirm, rule.digest) == (True, True, tool.digest)
        McpTool.objects.filter(id=tool.id).update(digest="1" * 64)
    assert "changed since: not offered" in text(owner, answer["Location"])
    stale = owner.post(f"{TOOLS}{server.id}/tools/{tool.id}/allow/", allow)
    assert "Look again before you allow it." in text(owner, stale["Location"])
    wrong = owner.post(f"{TOOLS}{server.id}/change/", {**entry, "url": "ftp://x", "seen": server.version})
    shown = wrong.content.decode()
    assert "must begin with" in shown
    assert "never-shown" not in shown, "a secret that was typed is not shown again"
    assert "enter it once more" in shown
    removed = owner.post(f"{TOOLS}{server.id}/remove/")
    assert "how to sign in there is forgotten" in text(owner, removed["Location"])


def test_a_member_sees_only_what_is_ones_own(left: World, member: Client) -> None:
    page = text(member, TOOLS)
    assert "My own" in page
    assert "tools.harbour.example" not in page
    with use_tenant(left.context):
        theirs = left.row(McpServer)
    assert member.get(f"{TOOLS}{theirs.pk}/").status_code == 404
    for action in ("ask", "pause", "resume", "remove"):
        assert member.post(f"{TOOLS}{theirs.pk}/{action}/").status_code == 404
