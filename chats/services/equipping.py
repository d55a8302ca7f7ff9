"""The tools that one answer may use, read outside its transaction: they may be in another database."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace

from byoc.contracts import ChatRequest, ToolSpec
from chats.models import Message
from chats.plans import RunPlan, room_of, size_of
from chats.recall import recalled
from chats.tool_limits import tool_limits
from companions.models import Companion
from companions.services.tooling import Offered, offered
from tenants.config.resolver import Subject

log = logging.getLogger(__name__)


def equipped(
    plan: RunPlan, companion: Companion, said: Sequence[Message] = (), *, confirming: bool
) -> RunPlan:
    """The plan with the tools of its companion, inside the organization; as it is where there are none, or
    where they cannot be read: the question is answered all the same.

    `said` are the messages of the conversation that it tells the model. Without `confirming` there is
    nobody to ask, and tools that ask first are not offered.
    """
    if not plan.endpoint.tools:
        return plan
    try:
        return _equipped(plan, companion, said, confirming)
    except Exception:
        log.exception("the tools of a companion could not be read", extra={"run": str(plan.run_id)})
        return plan


def _equipped(plan: RunPlan, companion: Companion, said: Sequence[Message], confirming: bool) -> RunPlan:
    found = offered(companion, plan.member_id, guard=plan.guard)
    tools = tuple(one for one in found if confirming or not one.confirm)
    limits = tool_limits(Subject(companion_team_id=companion.team_id)) if tools else plan.limits
    if not tools or not limits.rounds:
        return plan
    provenance = {**plan.provenance, "tools": {"offered": [one.name for one in tools]}}
    request = _request(plan, tools, said)
    return replace(plan, tools=tools, limits=limits, request=request, provenance=provenance)


def _request(plan: RunPlan, tools: Sequence[Offered], said: Sequence[Message]) -> ChatRequest:
    specs = tuple(ToolSpec(one.name, one.description, one.schema) for one in tools)
    messages = plan.request.messages
    room = room_of(plan.endpoint) - size_of(messages) - sum(map(_size, specs))
    names = frozenset(one.name for one in tools)
    return replace(plan.request, tools=specs, messages=recalled(messages, said, names, plan.guard, room))


def _size(spec: ToolSpec) -> int:
    return len(spec.description) + len(json.dumps(spec.parameters, default=str))
