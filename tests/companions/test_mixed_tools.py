"""A companion that lives elsewhere uses tools of its organization, which are kept in the main placement."""

from __future__ import annotations

import asyncio

import pytest

from companions.models import McpTool, ToolUse
from companions.services.discovering import discover
from companions.services.tool_rules import set_tool_rule
from companions.services.tool_servers import ServerEntry, connect_server
from companions.services.tooling import call_tool, offered
from humana.kernel.actor import Actor
from tenants.context import use_tenant
from tests.companions.tools import RUN
from tests.fixtures.grants import let_dial
from tests.fixtures.mixed import IN_DATABASE, IN_SCHEMA, Mixed
from tests.peers.tool_server import ToolPeer, weather

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]


def test_a_companion_that_lives_elsewhere_uses_a_tool(mixed: Mixed, tool_server: ToolPeer) -> None:
    tool_server.answers = {"forecast": weather}
    tool_server.lists("forecast", read_only_hint=True)
    let_dial(mixed.organization, tool_server.origin)
    for name in (IN_SCHEMA, IN_DATABASE):
        companion, there = mixed.companions[name], mixed.elsewhere(name)
        with use_tenant(there):
            server = connect_server(member=mixed.owner, entry=ServerEntry(name, tool_server.url))
            assert discover(member=mixed.owner, server_id=server.id).ok
            assert not McpTool.objects.exists(), "nothing is kept there"
        with use_tenant(mixed.context):
            tool = McpTool.objects.get(server=server)
        with use_tenant(there):
            set_tool_rule(member=mixed.owner, companion_id=companion.id, tool_id=tool.id, allow=True)
            (only,) = offered(companion, mixed.owner.id)
        told = call_tool(there, Actor(), companion.id, mixed.owner.id, only, {"city": "Recife"}, RUN)
        assert asyncio.run(told).text == "Sunny in Recife"
        with use_tenant(mixed.context):
            assert ToolUse.objects.get(companion_id=companion.id).outcome == "done"
