"""What tools said earlier in a conversation, told to the model again in its place: as turns of tools.

Only of tools that it is offered now and that no policy keeps back by now, and only where there is room: the
words of people and answers go first. What the result was stands in the message, cut.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from itertools import groupby

from byoc.contracts import ChatMessage, ToolCall
from chats.models import Message
from chats.plans import size_of
from chats.steps import KEPT_RESULT, Step, cut_at, steps_of
from chats.tool_words import result
from companions.checks import Guard

#: Uses that left something to know.
_TOLD = {"ok", "error"}


def recalled(
    messages: Sequence[ChatMessage], said: Sequence[Message], names: frozenset[str], guard: Guard, room: int
) -> tuple[ChatMessage, ...]:
    """The request's messages with what tools said; `said` are those they were made of, the last ones alike.

    `room` is how many characters more there may be; the latest go first.
    """
    found: list[ChatMessage] = []
    sources = list(reversed(said))
    for number, message in enumerate(reversed(messages)):
        source = sources[number] if number < len(sources) and message.role != "system" else None
        turns = _turns(source, names, guard) if source and message.role == "assistant" else []
        more = size_of(turns) - len(message.text)
        if turns and more <= room:
            room -= more
            found += reversed(turns)
        else:
            found.append(message)
    return tuple(reversed(found))


def _turns(message: Message, names: frozenset[str], guard: Guard) -> list[ChatMessage]:
    """The answer with its tools; empty where there is nothing to tell of them."""
    steps = [one for one in steps_of(message.parts) if _may_be_told(one, names, guard)]
    if not steps:
        return []
    turns: list[ChatMessage] = []
    rounds = [list(group) for _number, group in groupby(steps, key=lambda one: one.round)]
    *before, rest = cut_at(message.text, [group[0] for group in rounds])
    for text, group in zip(before, rounds, strict=True):
        turns += _round(text.strip(), group)
    return [*turns, ChatMessage("assistant", rest.strip())] if rest.strip() else turns


def _round(text: str, steps: Sequence[Step]) -> Iterator[ChatMessage]:
    calls = [ToolCall(secrets.token_hex(5)[:9], one.name, _arguments(one)) for one in steps]
    yield ChatMessage("assistant", text, tool_calls=tuple(calls))
    for call, one in zip(calls, steps, strict=True):
        told = result(one.name, one.said, room=KEPT_RESULT, is_error=one.state == "error")
        yield ChatMessage("tool", told, tool_call_id=call.id)


def _may_be_told(step: Step, names: frozenset[str], guard: Guard) -> bool:
    known = step.state in _TOLD and step.name in names and bool(step.said)
    return known and guard.lets("tool", step.arguments) and guard.lets("tool", step.said)


def _arguments(step: Step) -> str:
    """Those that were cut are JSON no more."""
    try:
        return json.dumps(json.loads(step.arguments or "{}"), ensure_ascii=False)
    except ValueError:
        return "{}"
