"""Reads of servers of tools, their tools and rules. All in the organization's main placement."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from companions.models import Companion, McpServer, McpTool, ToolRule, ToolUse
from companions.permissions import OWN_TOOLS, TOOLS
from companions.tool_words import refusal_words
from companions.toolbox.names import offered_name
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed

Row = TypeVar("Row", McpServer, McpTool, ToolRule)


def servers_for(member: Membership) -> QuerySet[McpServer]:
    """The organization's for who decides on them; of members' own only theirs."""
    if member.organization_id != current_tenant().organization_id:
        return McpServer.objects.none()
    seen = Q()
    if allowed(member, TOOLS.name):
        seen |= Q(member_id=None)
    if allowed(member, OWN_TOOLS.name):
        seen |= Q(member_id=member.id)
    return McpServer.objects.filter(seen).order_by("name", "id") if seen else McpServer.objects.none()


def access_server(*, member: Membership, server_id: uuid.UUID) -> McpServer:
    """One of those. NotFound for every other, whoever's it is."""
    return _one(servers_for(member).filter(id=server_id))


def tools_for(member: Membership) -> QuerySet[McpTool]:
    """What those servers list, what is refused and what is gone, by server and name."""
    rows = McpTool.objects.select_related("server").filter(server__in=servers_for(member).order_by())
    return rows.order_by("server__name", "name", "id")


def access_tool(*, member: Membership, tool_id: uuid.UUID) -> McpTool:
    """One of those. NotFound for every other."""
    return _one(tools_for(member).filter(id=tool_id))


@dataclass(frozen=True, slots=True)
class ShownTool:
    """A tool with what is said of it: each rule, and whether the tool has changed since it was made."""

    tool: McpTool
    offered_as: str
    reason: str
    schema: str
    rules: list[tuple[ToolRule, bool]]


def shown_tools(server: McpServer) -> list[ShownTool]:
    """For the page of a server, which was loaded through who may see it; what is gone comes last."""
    rules: dict[uuid.UUID, list[ToolRule]] = {}
    allowing = ToolRule.objects.select_related("companion").filter(tool__server=server, allow=True)
    for rule in allowing.order_by("companion__name", "id"):
        rules.setdefault(rule.tool_id, []).append(rule)
    rows = McpTool.objects.filter(server=server).order_by("name")
    return [_shown(server, one, rules.get(one.id, [])) for one in sorted(rows, key=_gone)]


def _gone(tool: McpTool) -> bool:
    return tool.state == McpTool.State.GONE


def _shown(server: McpServer, tool: McpTool, rules: list[ToolRule]) -> ShownTool:
    return ShownTool(
        tool,
        offered_name(server.slug, tool.name),
        refusal_words(tool.reason) if tool.reason else "",
        json.dumps(tool.schema, indent=2, ensure_ascii=False),
        [(one, one.digest != tool.digest) for one in rules],
    )


def rules_for(member: Membership) -> QuerySet[ToolRule]:
    """What is said of those tools, companion by companion."""
    rows = ToolRule.objects.select_related("companion", "tool", "tool__server")
    rows = rows.filter(tool__server__in=servers_for(member).order_by())
    return rows.order_by("created_at", "id")


def access_tool_rule(*, member: Membership, rule_id: uuid.UUID) -> ToolRule:
    """One of those. NotFound for every other."""
    return _one(rules_for(member).filter(id=rule_id))


def uses_for(member: Membership) -> QuerySet[ToolUse]:
    """What was used, the latest first: all of it for who decides on tools, otherwise one's own."""
    rows = ToolUse.objects.order_by("-created_at", "-id")
    return rows if allowed(member, TOOLS.name) else rows.filter(member_id=member.id)


def offerable(companion_id: uuid.UUID, member_id: uuid.UUID | None) -> QuerySet[ToolRule]:
    """The rules by which a companion has tools in this person's chats, policies aside.

    A tool that its server changed after the rule was made is not among them.
    """
    whose = Q(tool__server__member_id=None)
    if member_id is not None:
        whose |= Q(tool__server__member_id=member_id)
    rows = ToolRule.objects.select_related("tool", "tool__server").filter(
        whose, companion_id=companion_id, allow=True, digest=F("tool__digest"),
        tool__state=McpTool.State.LISTED, tool__server__state=McpServer.State.READY,
    )  # fmt: skip
    return rows.order_by("tool__server__slug", "tool__name", "id")


def companion_here(companion_id: uuid.UUID) -> Companion | None:
    """The companion's entry, unless it was removed or is paused."""
    return Companion.objects.filter(id=companion_id, state=Companion.State.ACTIVE).first()


def _one(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row
