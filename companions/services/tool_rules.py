"""Which companion may use which tool, and whether the person is asked first; in force at once."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from companions.models import Companion, McpTool, ToolRule
from companions.services.tool_servers import may_change
from humana.kernel.errors import Conflict, NotFound, StaleVersion
from humana.kernel.ports import record_trail
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic


def set_tool_rule(
    *,
    member: Membership | None = None,
    companion_id: uuid.UUID,
    tool_id: uuid.UUID,
    allow: bool,
    confirm: bool | None = None,
    seen: str | None = None,
) -> ToolRule:
    """Allow a companion a tool as its server describes it now, or take it away.

    Without `confirm` the person is asked first, unless the server says that the tool changes nothing. `seen`
    is the digest of the description that was looked at: StaleVersion where it is another by now. Conflict for
    a tool that is refused or gone.
    """
    with at_main(), tenant_atomic():
        tool = McpTool.objects.select_related("server").filter(id=tool_id).first()
        if tool is None or not Companion.objects.filter(id=companion_id).exists():
            raise NotFound(_("There is nothing here."))
        may_change(member, tool.server)
        if seen is not None and seen != tool.digest:
            message = _("The server has changed this tool in the meantime. Look again before you allow it.")
            raise StaleVersion(message, code="tool_changed")
        if allow and tool.state != McpTool.State.LISTED:
            raise Conflict(_("This tool cannot be allowed."), code="tool_not_offered")
        return _keep(companion_id, tool, allow, not tool.read_only if confirm is None else confirm)


def drop_tool_rule(*, member: Membership | None = None, rule_id: uuid.UUID) -> None:
    """Nothing is said of that companion and that tool any more: it is not offered."""
    with at_main(), tenant_atomic():
        row = ToolRule.objects.select_related("tool", "tool__server").filter(id=rule_id).first()
        if row is None:
            raise NotFound(_("There is nothing here."))
        may_change(member, row.tool.server)
        _tell("dropped", row)
        ToolRule.objects.filter(id=row.id).delete()


def _keep(companion_id: uuid.UUID, tool: McpTool, allow: bool, confirm: bool) -> ToolRule:
    row = ToolRule.objects.select_for_update().filter(companion_id=companion_id, tool_id=tool.id).first()
    row = row or ToolRule(companion_id=companion_id, tool_id=tool.id, version=0)
    same = (row.allow, row.confirm, row.digest) == (allow, confirm, tool.digest)
    if row.version and same:
        return row
    row.allow, row.confirm, row.digest, row.version = allow, confirm, tool.digest, row.version + 1
    row.save()
    _tell("set", row, allow=allow, confirm=confirm)
    return row


def _tell(action: str, row: ToolRule, **payload: object) -> None:
    told = {"companion": row.companion_id, "tool": row.tool.name, "server": row.tool.server_id, **payload}
    record_trail(
        action=f"companions.tool_rule.{action}",
        resource_type="tool_rule",
        resource_id=row.id,
        payload=told,
    )
