"""What tests about tools do with the `peer` of the conftest."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from companions.models import Companion, McpServer, McpTool
from companions.services.discovering import discover
from companions.services.tool_rules import set_tool_rule
from companions.services.tool_servers import ServerEntry, connect_server
from companions.services.tooling import Offered, ToolAnswer, call_tool, offered
from humana.kernel.actor import Actor
from tests.companions.conftest import Bakery
from tests.peers.tool_server import ToolPeer

RUN = uuid.UUID(int=7)


def connected(bakery: Bakery, peer: ToolPeer, **told: Any) -> McpServer:
    entry = ServerEntry(**{"name": "Weather & more", "url": peer.url, "token": "secret-of-a", **told})
    row = connect_server(member=bakery.person("owner"), entry=entry)
    found = discover(member=bakery.person("owner"), server_id=row.id)
    assert found.ok, found
    row.refresh_from_db()
    return row


def tool_of(server: McpServer, name: str) -> McpTool:
    return McpTool.objects.get(server=server, name=name)


def allow(bakery: Bakery, companion: Companion, tool: McpTool, **told: Any) -> None:
    member = bakery.person("owner")
    set_tool_rule(member=member, companion_id=companion.id, tool_id=tool.id, allow=True, **told)


def use(bakery: Bakery, companion: Companion, tool: Offered, **arguments: Any) -> ToolAnswer:
    member = bakery.person("member")
    actor = Actor(kind="user", label="Mem", membership_id=member.id)
    return asyncio.run(call_tool(bakery.context, actor, companion.id, member.id, tool, arguments, RUN))


def only(companion: Companion, bakery: Bakery) -> Offered:
    (found,) = offered(companion, bakery.person("member").id)
    return found
