"""Servers of tools, their tools and rules with the organization in hand; what was used in a support session.

Addresses, states and reasons; what opens a server is shown to nobody. Operators ask, pause and resume.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from companions.models import McpServer, McpTool, ToolRule, ToolUse
from companions.services.discovering import discover
from companions.services.tool_rules import drop_tool_rule, set_tool_rule
from companions.services.tool_servers import pause_server, remove_server, resume_server
from companions.tool_words import look_words, refusal_words
from humana.kernel.errors import HumanaError
from tenants.console import ContentAdmin, InHandAdmin
from tenants.console_actions import confirmed


@admin.register(McpServer)
class McpServerAdmin(InHandAdmin):
    main_only = True
    may_add = may_change = False
    may_delete = True
    list_display = ("name", "reached", "whose", "state", "discovered_at", "error")
    list_filter = ("state", "sign_in_state")
    fields = (
        *("name", "slug", "reached", "whose", "state", "sign_in_state", "signed_in_at", "sign_in_until"),
        *("discovered_at", "error", "created_at"),
    )
    readonly_fields = ("reached", "whose")
    actions = ("ask", "pause", "resume")

    @display(description=_("address or command"))
    def reached(self, obj: McpServer) -> str:
        return obj.url or obj.command

    @display(description=_("whose"))
    def whose(self, obj: McpServer) -> str:
        return str(obj.member_id) if obj.member_id else gettext("The organization's")

    def delete_model(self, request: HttpRequest, obj: McpServer) -> None:
        remove_server(server_id=obj.id)

    @confirmed(description=_("Ask what it offers"), question=_("Each is asked now. What it offered stays."))
    def ask(self, request: HttpRequest, queryset: QuerySet[McpServer]) -> None:
        for one in list(queryset):
            found = discover(server_id=one.id)
            told = look_words(found.offered, found.refused, found.changed)
            level = messages.SUCCESS if found.ok else messages.WARNING
            messages.add_message(request, level, f"{one.name}: {told if found.ok else found.message}")

    @confirmed(description=_("Pause"), question=_("Nobody is offered their tools until they are resumed."))
    def pause(self, request: HttpRequest, queryset: QuerySet[McpServer]) -> None:
        for one in list(queryset):
            pause_server(server_id=one.id)

    @confirmed(description=_("Resume"), question=_("What was allowed of them is offered again."))
    def resume(self, request: HttpRequest, queryset: QuerySet[McpServer]) -> None:
        for one in list(queryset):
            try:
                resume_server(server_id=one.id)
            except HumanaError as refusal:
                messages.warning(request, f"{one.name}: {refusal.message}")


@admin.register(McpTool)
class McpToolAdmin(InHandAdmin):
    main_only = True
    may_add = may_change = may_delete = False
    list_display = ("name", "server", "state", "why", "changed_at")
    list_filter = ("state",)
    fields = ("name", "server", "description", "schema", "annotations", "state", "why", "changed_at")
    readonly_fields = ("why",)

    @display(description=_("reason"), ordering="reason")
    def why(self, obj: McpTool) -> str:
        return refusal_words(obj.reason) if obj.reason else "–"


@admin.register(ToolRule)
class ToolRuleAdmin(ContentAdmin):
    """Which companions have which tools: it names companions, so in a support session."""

    main_only = True
    may_change = may_delete = True
    list_display = ("companion", "tool", "allow", "confirm", "version")
    list_filter = ("allow", "confirm")
    fields = ("companion", "tool", "allow", "confirm")
    readonly_fields = ("companion", "tool")

    def save_model(self, request: HttpRequest, obj: ToolRule, form: Any, change: bool) -> None:
        kept = set_tool_rule(
            companion_id=obj.companion_id, tool_id=obj.tool_id, allow=obj.allow, confirm=obj.confirm
        )
        obj.pk, obj.version = kept.pk, kept.version

    def delete_model(self, request: HttpRequest, obj: ToolRule) -> None:
        drop_tool_rule(rule_id=obj.id)


@admin.register(ToolUse)
class ToolUseAdmin(ContentAdmin):
    main_only = True
    list_display = ("created_at", "name", "companion", "outcome", "code", "milliseconds")
    list_filter = ("outcome",)
    ordering = ("-created_at",)
    lookups = ("id", "run_id")
    fields = (
        *("created_at", "name", "companion", "member_id", "run_id", "outcome", "code"),
        *("milliseconds", "bytes_sent", "bytes_received"),
    )
