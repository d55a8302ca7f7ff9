"""A server of tools is asked what it offers; each tool is judged, what changed is shown as changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from byoc.contracts.tools import ToolDefinition, ToolLimits, ToolListing
from byoc.tools import door_for
from companions.models import McpServer, McpTool
from companions.services.reaching import let_go, reached
from companions.services.tool_renewing import renewed_now, token_refused
from companions.services.tool_servers import hold_server, may_change, tell
from companions.services.tool_sign_in_kept import is_due
from companions.toolbox.schemas import BadSchema, judged
from companions.toolbox.words import harmless
from humana.kernel.crypto import CannotOpen
from humana.kernel.errors import EndpointError, NotFound, StaleVersion
from tenants.context import current_tenant
from tenants.jobs import enqueue_on_commit
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic

DISCOVER = "companions.discover_tools"
#: Tools that one server may have, and characters of a description.
MOST_TOOLS, LONGEST_DESCRIPTION = 100, 4_000
SECONDS = 20.0
#: The code where the server asks for a bearer's token: somebody signs in, or enters one.
SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a look found. Where the server did not answer well, `message` says what to change."""

    ok: bool
    code: str = ""
    message: str = ""
    offered: int = 0
    refused: int = 0
    changed: int = 0


def discover(*, member: Membership | None = None, server_id: uuid.UUID) -> Discovery:
    """Ask now. Never raises for a server that does not answer well; what it offered before stays then.

    Takes seconds: outside of every transaction.
    """
    with at_main():
        row = _asked(member, server_id)
        try:
            found = _listing(row)
        except EndpointError as error:
            return _failed(row, error.code, str(error.message))
        except CannotOpen:
            message = _("Its credentials do not open any more: enter them again.")
            return _failed(row, "unauthorized", message)
        return _keep(row, found)


def discover_soon(server_id: uuid.UUID) -> None:
    """The same by a worker, once the transaction is committed."""
    enqueue_on_commit(DISCOVER, tool_server_id=server_id)


def discover_if_there(server_id: uuid.UUID) -> None:
    """What the worker does: nothing for a server that was removed or changed since."""
    with suppress(NotFound, StaleVersion):
        discover(server_id=server_id)


def _asked(member: Membership | None, server_id: uuid.UUID) -> McpServer:
    with tenant_atomic():
        row = hold_server(server_id)
        may_change(member, row)
    return row


def _listing(row: McpServer) -> ToolListing:
    door = door_for(current_tenant().organization_id)
    asked = renewed_now(row.id) if is_due(row) else reached(row)
    let_go()
    limits = ToolLimits(seconds=SECONDS, most_tools=MOST_TOOLS)
    try:
        return door.listing_now(replace(asked, protocol=""), limits)
    except EndpointError as error:
        if error.code == SIGN_IN:
            token_refused(row.id, asked)
        raise


def _failed(row: McpServer, code: str, message: str) -> Discovery:
    with tenant_atomic():
        now = _same(row)
        if code == SIGN_IN and not now.sign_in_state:
            now.sign_in_state = McpServer.SignIn.WANTED
        now.error_code, now.error = code[:40], message[:400]
        now.save(update_fields=["error_code", "error", "sign_in_state", "updated_at"])
        tell("asked", now, well=False, code=code)
    return Discovery(False, code, message)


def _keep(row: McpServer, found: ToolListing) -> Discovery:
    with tenant_atomic():
        now = _same(row)
        kept = _keep_tools(now, found.tools)
        now.protocol, now.discovered_at = found.protocol[:20], timezone.now()
        now.error_code, now.error = ("more_tools", _too_many()) if found.more else ("", "")
        if now.sign_in_state == McpServer.SignIn.WANTED:
            now.sign_in_state = McpServer.SignIn.NONE
        if now.state == McpServer.State.DRAFT:
            now.state = McpServer.State.READY
        now.save()
        tell("asked", now, well=True, offered=kept.offered, refused=kept.refused, changed=kept.changed)
    return kept


def _too_many() -> str:
    message = _("It lists more than %(limit)d tools; the others are left out.")
    return message % {"limit": MOST_TOOLS}


def _same(row: McpServer) -> McpServer:
    """The row now; StaleVersion where it is reached differently since it was asked."""
    now = hold_server(row.id)
    if (now.url, now.command) != (row.url, row.command):
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
    return now


def _keep_tools(server: McpServer, definitions: Iterable[ToolDefinition]) -> Discovery:
    known = {one.name: one for one in McpTool.objects.filter(server=server)}
    seen: set[str] = set()
    offered = refused = changed = 0
    for definition in definitions:
        name = harmless(definition.name)[:128].strip()
        if name in seen or not name:
            continue
        seen.add(name)
        row = known.get(name) or McpTool(server=server, name=name)
        changed += _describe(row, definition)
        offered += row.state == McpTool.State.LISTED
        refused += row.state == McpTool.State.REFUSED
    gone = [one.id for name, one in known.items() if name not in seen]
    McpTool.objects.filter(id__in=gone).update(state=McpTool.State.GONE)
    return Discovery(True, offered=offered, refused=refused, changed=changed)


def _describe(row: McpTool, told: ToolDefinition) -> bool:
    """Keep what the server says of it now; whether that is not what it said before."""
    reason, schema = _judged(told)
    digest = _digest(told)
    changed = bool(row.digest) and row.digest != digest
    state = McpTool.State.REFUSED if reason else McpTool.State.LISTED
    same = (row.digest, row.state, row.reason) == (digest, state, reason)
    if same and not row._state.adding:
        return False
    if changed:
        row.changed_at = timezone.now()
    row.state, row.reason, row.digest, row.schema = state, reason, digest, schema
    row.description = harmless(told.description)[:LONGEST_DESCRIPTION]
    row.annotations = dict(told.annotations)
    row.save()
    return changed


def _judged(told: ToolDefinition) -> tuple[str, dict[str, Any]]:
    """Why it is refused, and the schema of its arguments; nothing of a schema that is."""
    if len(told.name) > 128 or harmless(told.name).strip() != told.name:
        return "bad_name", {}
    try:
        return "", judged(dict(told.schema))
    except BadSchema as error:
        return error.code, {}


def _digest(told: ToolDefinition) -> str:
    try:
        whole = [told.name, told.description, told.schema, dict(told.annotations)]
        return sha256(json.dumps(whole, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
    except (RecursionError, ValueError, TypeError):
        return sha256(told.name.encode(errors="replace")).hexdigest()
