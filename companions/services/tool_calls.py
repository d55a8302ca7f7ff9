"""One use of a tool: judged and made ready, and kept once it is over. Both short, in the main placement."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from byoc.contracts.tools import ToolLimits, ToolServer
from byoc.tools import Door, door_for
from companions.config_keys import TOOL_CHARACTERS, TOOL_SECONDS
from companions.models import Companion, McpTool, ToolRule, ToolUse
from companions.services.reaching import reached
from companions.services.tool_permission import allowed_here, guard_of_companion, may_use_tools
from companions.services.tool_sign_in_kept import is_due
from companions.toolbox.names import offered_name
from companions.toolbox.schemas import misfit
from companions.tools import companion_here, offerable
from humana.kernel.crypto import CannotOpen
from humana.kernel.errors import Conflict, EndpointError, Invalid, NotAllowed, NotFound
from humana.kernel.ports import record_trail
from tenants.config.resolver import resolve
from tenants.context import current_tenant
from tenants.places import at_main
from tenants.transactions import tenant_atomic


@dataclass(slots=True)
class Outcome:
    """A use as it goes on; `name` is what the model called it, `confirmed` that it was to be asked about."""

    companion_id: uuid.UUID
    member_id: uuid.UUID
    run_id: uuid.UUID
    tool_id: uuid.UUID
    name: str
    confirmed: bool
    outcome: str = "refused"
    code: str = ""
    milliseconds: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything a call needs; no row is read while it lasts. If `due`, its token is renewed first."""

    door: Door
    server: ToolServer
    limits: ToolLimits
    name: str
    arguments: Mapping[str, Any]
    characters: int
    server_id: uuid.UUID
    due: bool


def prepared(use: Outcome, arguments: Mapping[str, Any]) -> Prepared:
    """Judge it once more, by what holds now. Raises as `tooling.call_tool` does."""
    with at_main():
        rule = _rule(use, _companion(use))
        wrong = misfit(rule.tool.schema, arguments)
        if wrong is not None:
            message = _("The arguments do not fit the tool: %(what)s.") % {"what": wrong}
            raise Invalid(message, field="arguments", code="bad_arguments")
        use.bytes_sent = len(json.dumps(arguments).encode())
        return Prepared(
            door_for(current_tenant().organization_id), _reached(rule),
            ToolLimits(seconds=float(resolve(TOOL_SECONDS))), rule.tool.name, arguments,
            resolve(TOOL_CHARACTERS), rule.tool.server_id, is_due(rule.tool.server),
        )  # fmt: skip


def refused(use: Outcome, code: str) -> Outcome:
    use.outcome, use.code = ToolUse.Outcome.REFUSED, code
    return use


def keep_use(use: Outcome) -> None:
    """Its row and its line in the trail; who, which and how it ended, never what was said."""
    with at_main(), tenant_atomic():
        companion = Companion.everything.filter(id=use.companion_id).exists()
        tool = McpTool.objects.filter(id=use.tool_id).exists()
        row = ToolUse.objects.create(
            member_id=use.member_id, run_id=use.run_id, name=use.name[:64], outcome=use.outcome,
            companion_id=use.companion_id if companion else None, tool_id=use.tool_id if tool else None,
            code=use.code[:40], milliseconds=use.milliseconds, bytes_sent=use.bytes_sent,
            bytes_received=use.bytes_received,
        )  # fmt: skip
        _tell(row)


def _companion(use: Outcome) -> Companion:
    if not may_use_tools(use.member_id):
        raise NotAllowed(_("You may not let companions use tools."), code="tools_not_yours")
    found = companion_here(use.companion_id)
    if found is None:
        raise NotFound(_("This companion is not there any more, or paused."), code="companion_gone")
    return found


def _rule(use: Outcome, companion: Companion) -> ToolRule:
    rule = offerable(companion.id, use.member_id).filter(tool_id=use.tool_id).first()
    if rule is None or not allowed_here(rule.tool.server):
        message = _("This tool is not offered any more: it was taken away, changed or paused.")
        raise NotAllowed(message, code="tool_not_offered")
    name = offered_name(rule.tool.server.slug, rule.tool.name)
    if name != use.name or (rule.confirm and not use.confirmed):
        raise Conflict(_("What holds for this tool has changed. Ask again."), code="tool_changed")
    names = guard_of_companion(companion).allowed_tools()
    if names is not None and name not in names:
        raise NotAllowed(_("A policy does not allow this tool."), code="blocked_tool")
    return rule


def _reached(rule: ToolRule) -> ToolServer:
    try:
        return reached(rule.tool.server)
    except CannotOpen:
        message = _("The server's credentials do not open any more: enter them again.")
        raise EndpointError(message, permanent=True, code="unauthorized") from None


def _tell(row: ToolUse) -> None:
    told = {
        "tool": row.name, "companion": row.companion_id, "member": row.member_id, "run": row.run_id,
        "outcome": row.outcome, "code": row.code, "milliseconds": row.milliseconds,
    }  # fmt: skip
    record_trail(
        action=f"companions.tool.{'refused' if row.outcome == ToolUse.Outcome.REFUSED else 'used'}",
        resource_type="mcp_tool",
        resource_id=row.tool_id or row.id,
        payload=told,
    )
