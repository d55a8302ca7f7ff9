"""The tools of a companion in one person's conversation: what is offered, and one call.

offered(companion, member_id)        inside the organization; one query where there are none
await call_tool(context, actor, …)   from an event loop, outside of every transaction
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from companions.checks import Guard
from companions.models import Companion, ToolRule
from companions.services.discovering import SIGN_IN
from companions.services.tool_calls import Outcome, Prepared, keep_use, prepared, refused
from companions.services.tool_permission import allowed_here, guard_of_companion, may_use_tools
from companions.services.tool_renewing import renewed, token_refused
from companions.toolbox.names import offered_name
from companions.toolbox.words import as_data, harmless, paragraph
from companions.tools import offerable
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import EndpointError, HumanaError
from tenants.context import TenantContext, use_tenant
from tenants.places import at_main
from tenants.threads import in_thread

#: More than these no model is offered; providers refuse more.
MOST_OFFERED = 100


@dataclass(frozen=True, slots=True)
class Offered:
    """One tool as the model is told of it.

    `name` is "server__tool", at most 64 of [a-zA-Z0-9_-], unique among the offered. `description` is one
    paragraph in the server's words, which are untrusted. With `confirm` the person is asked before each call.
    """

    name: str
    tool_id: uuid.UUID
    description: str
    schema: Mapping[str, Any]
    confirm: bool


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool answered: untrusted text. `is_error` is its own word; `cut` says that there was more."""

    text: str
    is_error: bool
    cut: bool

    def as_data(self, name: str) -> str:
        """For a model: framed as data, whatever it says of itself. `name` is that of the Offered."""
        return as_data(name, self.text)


def offered(
    companion: Companion, member_id: uuid.UUID | None, *, guard: Guard | None = None
) -> tuple[Offered, ...]:
    """What policies, the companion's rules and the state of each server leave to this person's conversation.

    `guard` is the companion's, where somebody has it already; otherwise its policies are read, where it has
    any tool at all. Of members' own servers only this member's; without a member only the organization's.
    """
    with at_main():
        rules = list(offerable(companion.id, member_id)[:MOST_OFFERED])
        if not rules or (member_id is not None and not may_use_tools(member_id)):
            return ()
        rules = [one for one in rules if allowed_here(one.tool.server)]
        names = (guard or guard_of_companion(companion)).allowed_tools()
        found = (_offer(one) for one in rules)
        return tuple(one for one in found if names is None or one.name in names)


async def call_tool(
    context: TenantContext,
    actor: Actor,
    companion_id: uuid.UUID,
    member_id: uuid.UUID,
    tool: Offered,
    arguments: Mapping[str, Any],
    run_id: uuid.UUID,
) -> ToolAnswer:
    """Use a tool once for this person. Whether the person was asked first is for who calls to see to.

    Everything that let it be offered is read again. Raises NotAllowed, Conflict, Invalid (`bad_arguments`)
    or NotFound where it may not be used now, EndpointError where its server does not answer well; each has a
    code and a sentence. Every use is kept and in the trail, also one that was refused. No connection to a
    database is held while the server works.
    """
    with use_tenant(context), acting_as(actor):
        use = Outcome(companion_id, member_id, run_id, tool.tool_id, tool.name, tool.confirm)
        try:
            ready = await in_thread(prepared, use, dict(arguments))
        except HumanaError as refusal:
            if refusal.status < 500:
                await in_thread(keep_use, refused(use, refusal.code))
            raise
        return await _called(ready, use)


async def _called(ready: Prepared, use: Outcome) -> ToolAnswer:
    began = time.monotonic()
    use.outcome, use.code = "broken", "cancelled"  # unless we learn better
    server = ready.server
    try:
        if ready.due:
            server = await renewed(ready.server_id)
        reply = await ready.door.call(server, ready.limits, ready.name, ready.arguments)
        use.outcome, use.code = "failed" if reply.is_error else "done", ""
        use.bytes_received = reply.received
    except EndpointError as error:
        use.code = error.code
        if error.code == SIGN_IN:
            await in_thread(token_refused, ready.server_id, server)
        raise
    finally:
        use.milliseconds = round((time.monotonic() - began) * 1000)
        await in_thread(keep_use, use)
    text = harmless(reply.text)
    return ToolAnswer(text[: ready.characters], reply.is_error, len(text) > ready.characters)


def _offer(rule: ToolRule) -> Offered:
    tool = rule.tool
    name = offered_name(tool.server.slug, tool.name)
    return Offered(name, tool.id, paragraph(tool.description), tool.schema, rule.confirm)
