"""What lets a companion use a tool in somebody's conversation, read at the time of use."""

from __future__ import annotations

import uuid

from companions.checks import Guard, guard_of
from companions.config_keys import OWN_SERVERS
from companions.models import Companion, McpServer
from companions.network import acting_member
from companions.permissions import OWN_TOOLS, USE_TOOLS
from companions.queries import heritage, inherited
from tenants.config.resolver import resolve
from tenants.permissions import allowed
from tenants.queries import may_enter


def may_use_tools(member_id: uuid.UUID) -> bool:
    """Still a member, who may let companions use tools."""
    member = acting_member(member_id)
    return member is not None and may_enter(member) and allowed(member, USE_TOOLS.name)


def allowed_here(server: McpServer) -> bool:
    """The organization's own always; a member's while the organization lets members connect some."""
    if server.member_id is None:
        return True
    owner = acting_member(server.member_id)
    return owner is not None and allowed(owner, OWN_TOOLS.name) and resolve(OWN_SERVERS)


def guard_of_companion(companion: Companion) -> Guard:
    """What the policies in force enforce for it now."""
    return guard_of(inherited(companion, heritage()).policies)
