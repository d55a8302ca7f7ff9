"""Servers of tools, their tools and rules for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from companions.api import tool_shapes as shapes
from companions.models import McpServer, McpTool, ToolRule, ToolUse
from companions.permissions import READ
from companions.queries import access_companion
from companions.services.discovering import discover, discover_soon
from companions.services.tool_rules import drop_tool_rule, set_tool_rule
from companions.services.tool_servers import (
    ServerEntry,
    change_server,
    connect_server,
    pause_server,
    remove_server,
    resume_server,
)
from companions.tools import (
    access_server,
    access_tool,
    access_tool_rule,
    rules_for,
    servers_for,
    tools_for,
    uses_for,
)
from humana.api.filters import Choice, Id
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.transactions import tenant_atomic


class ToolServerListView(ListView):
    """The organization's servers of tools for who decides on them, and the caller's own."""

    permissions = {"GET": READ.name, "POST": READ.name}
    shape = shapes.ToolServerShape
    columns = ("name", "id")
    order = ("name", "id")

    @operation("listToolServers", "Servers of tools by name", gives=shapes.ToolServerShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[McpServer]:
        return servers_for(self.member)

    def shown(self, rows: list[Any]) -> list[shapes.ToolServerShape]:
        found = servers_for(self.member).in_bulk([key for _name, key in rows])
        return [shapes.server(found[key]) for _name, key in rows if key in found]

    @operation(
        "connectToolServer",
        "Connect a server of tools; it is asked soon after what it offers",
        takes=shapes.ToolServerInput,
        gives=shapes.ToolServerShape,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        entry = ServerEntry(**self.body(shapes.ToolServerInput))
        with tenant_atomic():
            row = connect_server(member=self.member, entry=entry)
            discover_soon(row.id)
        address = f"/api/v1/tools/servers/{row.id}/"
        return self.answer(shapes.server(row), status=201, version=row.version, location=address)


class ToolServerView(ApiView):
    """One server of tools."""

    permissions = {"GET": READ.name, "PATCH": READ.name, "DELETE": READ.name}

    @operation("readToolServer", "One server of tools", gives=shapes.ToolServerShape)
    def get(self, request: Request, tool_server_id: uuid.UUID) -> HttpResponse:
        row = access_server(member=self.member, server_id=tool_server_id)
        return self.answer(shapes.server(row), version=row.version)

    @operation(
        "changeToolServer",
        "Change, pause or resume a server of tools",
        takes=shapes.ToolServerChanges,
        gives=shapes.ToolServerShape,
    )
    def patch(self, request: Request, tool_server_id: uuid.UUID) -> HttpResponse:
        row = access_server(member=self.member, server_id=tool_server_id)
        changes = self.body(shapes.ToolServerChanges, partial=True)
        paused, version = changes.pop("paused", None), expected(request, row.version)
        with tenant_atomic():
            row = change_server(member=self.member, server_id=row.id, changes=changes, version=version)
            if paused is not None:
                row = (pause_server if paused else resume_server)(member=self.member, server_id=row.id)
        return self.answer(shapes.server(row), version=row.version)

    @operation("removeToolServer", "Forget a server with its tools and their rules", status=204)
    def delete(self, request: Request, tool_server_id: uuid.UUID) -> HttpResponse:
        row = access_server(member=self.member, server_id=tool_server_id)
        self.no_body()
        remove_server(member=self.member, server_id=row.id)
        return self.nothing()


class DiscoverView(ApiView):
    """What a server offers now."""

    permission = READ.name

    @operation("discoverTools", "Ask a server what it offers", gives=shapes.DiscoveryShape)
    def post(self, request: Request, tool_server_id: uuid.UUID) -> HttpResponse:
        row = access_server(member=self.member, server_id=tool_server_id)
        self.no_body()
        return self.answer(shapes.discovery(discover(member=self.member, server_id=row.id)))


class ToolListView(ListView):
    """The tools of those servers; what is refused and what is gone too."""

    permission = READ.name
    shape = shapes.ToolShape
    columns = shapes.ToolShape.__struct_fields__
    order = ("name", "id")
    filters = {
        "server": Id("Only of this server."),
        "state": Choice("Only in this state.", tuple(McpTool.State.values)),
    }

    @operation("listTools", "Tools by name", gives=shapes.ToolShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[McpTool]:
        columns = {"server": "server_id", "state": "state"}
        return tools_for(self.member).filter(**{columns[name]: one for name, one in self.asked.items()})


class ToolView(ApiView):
    """One tool."""

    permission = READ.name

    @operation("readTool", "One tool", gives=shapes.ToolShape)
    def get(self, request: Request, tool_id: uuid.UUID) -> HttpResponse:
        return self.answer(shapes.tool(access_tool(member=self.member, tool_id=tool_id)), version=0)


class ToolRuleListView(ListView):
    """Which companion may use which of those tools."""

    permissions = {"GET": READ.name, "POST": READ.name}
    shape = shapes.ToolRuleShape
    columns = shapes.ToolRuleShape.__struct_fields__
    order = ("created_at", "id")
    filters = {"companion": Id("Only of this companion."), "tool": Id("Only about this tool.")}

    @operation("listToolRules", "Tools of companions, the first made first", gives=shapes.ToolRuleShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[ToolRule]:
        columns = {"companion": "companion_id", "tool": "tool_id"}
        return rules_for(self.member).filter(**{columns[name]: one for name, one in self.asked.items()})

    @operation(
        "setToolRule",
        "Allow a companion a tool as it is described now, or take it away",
        takes=shapes.ToolRuleInput,
        gives=shapes.ToolRuleShape,
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(shapes.ToolRuleInput)
        access_companion(member=self.member, companion_id=given["companion_id"])
        return self.answer(shapes.rule(set_tool_rule(member=self.member, **given)))


class ToolRuleView(ApiView):
    """What is said of one companion and one tool."""

    permissions = {"GET": READ.name, "DELETE": READ.name}

    @operation("readToolRule", "One rule about a tool", gives=shapes.ToolRuleShape)
    def get(self, request: Request, tool_rule_id: uuid.UUID) -> HttpResponse:
        row = access_tool_rule(member=self.member, rule_id=tool_rule_id)
        return self.answer(shapes.rule(row), version=row.version)

    @operation("dropToolRule", "Say nothing of that tool any more: it is not offered", status=204)
    def delete(self, request: Request, tool_rule_id: uuid.UUID) -> HttpResponse:
        row = access_tool_rule(member=self.member, rule_id=tool_rule_id)
        self.no_body()
        drop_tool_rule(member=self.member, rule_id=row.id)
        return self.nothing()


class ToolUseListView(ListView):
    """What was used: everybody's for who decides on tools, otherwise the caller's own."""

    permission = READ.name
    shape = shapes.ToolUseShape
    columns = shapes.ToolUseShape.__struct_fields__
    order = ("-created_at", "-id")
    filters = {
        "companion": Id("Only by this companion."),
        "tool": Id("Only of this tool."),
        "outcome": Choice("Only those that ended so.", tuple(ToolUse.Outcome.values)),
    }

    @operation("listToolUses", "Uses of tools, the latest first", gives=shapes.ToolUseShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[ToolUse]:
        columns = {"companion": "companion_id", "tool": "tool_id", "outcome": "outcome"}
        return uses_for(self.member).filter(**{columns[name]: one for name, one in self.asked.items()})
