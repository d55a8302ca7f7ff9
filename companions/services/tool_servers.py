"""Servers of tools are connected, changed, paused, removed: the organization's own, or one member's.

`member` None is Humana itself and operators. Nothing here asks a server: `discovering` does.
"""

from __future__ import annotations

import secrets as at_random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from companions.config_keys import OWN_SERVERS
from companions.models import McpServer, McpTool
from companions.permissions import OWN_TOOLS, TOOLS
from companions.services.editing import apply, judge
from companions.services.tool_addresses import address, command, header, short_name, token
from companions.services.tool_secrets import TOKEN, sealed_secrets, secrets_of
from companions.services.tool_sign_in_kept import forget
from humana.kernel.crypto import CannotOpen
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_line
from tenants.config.resolver import resolve
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic

#: Servers of an organization, and of one member.
MOST_SERVERS, MOST_OWN = 50, 10
MOST_HEADERS = 10


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """What is entered: an address, or the name of a command that the installation knows.

    `token` is sent as a bearer's; `headers` beside it. Both are kept sealed. `own` is for the member alone.
    """

    name: str
    url: str = ""
    command: str = ""
    token: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    own: bool = False


def connect_server(*, member: Membership | None = None, entry: ServerEntry) -> McpServer:
    """Keep how it is reached; it offers nothing before it was asked. Invalid names the field."""
    _may(member, own=entry.own)
    row = McpServer(
        name=clean_line(entry.name, field="name", limit=80),
        member_id=member.id if member and entry.own else None,
    )
    _reach(row, entry.url, entry.command)
    secrets = _changed_secrets({}, entry.token or None, entry.headers)
    row.credentials = sealed_secrets(row_here(row), secrets)
    with at_main(), tenant_atomic():
        _room_for(row)
        row.slug = _free_slug(row.name)
        row.save(force_insert=True)
        tell("connected", row, at=row.origin or row.command)
    return row


def change_server(
    *, member: Membership | None = None, server_id: uuid.UUID, changes: Mapping[str, Any],
    version: int | None = None,
) -> McpServer:  # fmt: skip
    """Change some of `ServerEntry`; what is not named stays.

    Where scheme, host or port change, token and headers were for the old address and go, and where anything
    of it does, who signed in has to again; until it was asked again, nothing is offered. An empty token, or
    a header with an empty value, is forgotten.
    """
    unknown = sorted(set(changes) - {"name", "url", "command", "token", "headers"})
    if unknown:
        raise Invalid(_("This cannot be changed."), field=unknown[0])
    with at_main(), tenant_atomic():
        row = hold_server(server_id, version)
        may_change(member, row)
        touched = _apply(row, changes)
        if touched:
            row.version += 1
            row.save()
            tell("changed", row, changed=touched)
    return row


def pause_server(*, member: Membership | None = None, server_id: uuid.UUID) -> McpServer:
    """Its tools are offered to nobody until it is resumed; everything is kept."""
    return _set_state(member, server_id, McpServer.State.PAUSED, "paused")


def resume_server(*, member: Membership | None = None, server_id: uuid.UUID) -> McpServer:
    """As before it was paused; one that was never asked has to be first."""
    return _set_state(member, server_id, McpServer.State.READY, "resumed")


def remove_server(*, member: Membership | None = None, server_id: uuid.UUID) -> str:
    """Forget it with its tools, their rules and how to sign in; its name. What was used stays told."""
    with at_main(), tenant_atomic():
        row = hold_server(server_id)
        may_change(member, row)
        tell("removed", row)
        row.delete()
    return row.name


def hold_server(server_id: uuid.UUID, version: int | None = None) -> McpServer:
    """The row as it is now, locked until the transaction ends."""
    row = McpServer.objects.select_for_update().filter(id=server_id).first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    if version is not None and row.version != version:
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
    return row


def may_change(member: Membership | None, row: McpServer) -> None:
    """Raises for who may not; somebody else's own server is missing."""
    if member is not None and row.member_id not in (None, member.id):
        raise NotFound(_("There is nothing here."))
    _may(member, own=row.member_id is not None)


def tell(action: str, row: McpServer, **payload: object) -> None:
    """Its line in the trail: names and addresses, never what opens it."""
    record_trail(
        action=f"companions.tool_server.{action}",
        resource_type="mcp_server",
        resource_id=row.id,
        payload={"name": row.name, "member": row.member_id, **payload},
    )


def row_here(row: McpServer) -> McpServer:
    """With its organization, which what is sealed is bound to, though it was not saved yet."""
    row.organization_id = row.organization_id or current_tenant().organization_id
    return row


def _may(member: Membership | None, *, own: bool) -> None:
    judge(member, OWN_TOOLS if own else TOOLS)
    if own and member is None:
        raise Invalid(_("A server of somebody's own is connected by that member."), field="own")
    if own and not resolve(OWN_SERVERS):
        message = _("Your organization lets nobody connect tools of their own.")
        raise NotAllowed(message, code="own_servers_off")


def _reach(row: McpServer, url: str, wanted: str) -> None:
    if bool(url) == bool(wanted):
        raise Invalid(_("Enter an address, or choose a command."), field="url", code="no_address")
    if wanted and row.member_id is not None:
        raise Invalid(_("A server of one's own is reached by an address."), field="command")
    row.origin, row.path = address(url) if url else ("", "")
    row.command = command(wanted) if wanted else ""


def _apply(row: McpServer, changes: Mapping[str, Any]) -> list[str]:
    """Set what changes on the row in hand; the names of what really did."""
    before = (row.origin, row.path, row.command)
    kept, touched = _kept_secrets(row), []
    if "name" in changes:
        touched += apply(row, {"name": clean_line(changes["name"], field="name", limit=80)})
    if "url" in changes or "command" in changes:
        _reach(row, changes.get("url") or "", changes.get("command") or "")
    if row.origin != before[0]:
        kept = {}
    secrets = _changed_secrets(kept, changes.get("token"), changes.get("headers") or {})
    if (row.origin, row.path, row.command) != before:
        row.state, row.protocol = McpServer.State.DRAFT, ""
        McpTool.objects.filter(server=row).update(state=McpTool.State.GONE)
        forget(row)
        touched.append("url" if row.origin else "command")
    if changes.get("token"):
        forget(row)  # what was entered last is meant
    if secrets != kept or row.origin != before[0]:
        row.credentials = sealed_secrets(row, secrets)
        touched.append("secrets")
    return touched


def _kept_secrets(row: McpServer) -> dict[str, str]:
    try:
        return secrets_of(row)
    except CannotOpen:
        return {}


def _changed_secrets(
    kept: Mapping[str, str], given: str | None, headers: Mapping[str, str]
) -> dict[str, str]:
    told = {header(name, value)[0]: header(name, value)[1] for name, value in headers.items()}
    if given is not None:
        told[TOKEN] = token(given) if given else ""
    found = {name: value for name, value in {**kept, **told}.items() if value}
    if len(found) > MOST_HEADERS + 1:
        message = _("At most %(limit)d headers.") % {"limit": MOST_HEADERS}
        raise Invalid(message, field="headers", code="too_many")
    return found


def _set_state(
    member: Membership | None, server_id: uuid.UUID, state: McpServer.State, action: str
) -> McpServer:
    with at_main(), tenant_atomic():
        row = hold_server(server_id)
        may_change(member, row)
        if state == McpServer.State.READY and row.discovered_at is None:
            raise Conflict(_("Ask it first what it offers."), code="not_asked")
        if row.state != state:
            row.state, row.version = state, row.version + 1
            row.save()
            tell(action, row)
    return row


def _room_for(row: McpServer) -> None:
    most = MOST_OWN if row.member_id else MOST_SERVERS
    if McpServer.objects.filter(member_id=row.member_id).count() >= most:
        message = _("There are %(limit)d servers already. Remove one first.") % {"limit": most}
        raise Conflict(message, code="too_many_servers")


def _free_slug(name: str) -> str:
    """Made of the name; another one where that is taken, which tells nobody by whom."""
    base = slug = short_name(name)
    while McpServer.objects.filter(slug=slug).exists():
        slug = f"{base[:17]}-{at_random.token_hex(3)}"
    return slug
