"""A conversation that comes whole with its question, as clients of /v1 and /mcp bring it. Pure.

It falls into rounds: a question and all that follows it until the next one. A call of a tool and what came of
it are told together or not at all.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Any

import msgspec

from byoc.contracts import ToolCall, ToolSpec
from companions.checks import Guard
from humana.kernel.errors import Invalid

#: What is no name of a tool; a service would refuse to be told again what it wrote itself.
_UNNAMED = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the client's conversation: role is system, user, assistant or tool.

    `calls` are what an assistant asked the client's tools for; the tool turns right behind it answer them,
    each with the id of its call. `documents` are files that came with what a user said, `uses` what an
    answer that we kept keeps of its companion's own tools.
    """

    role: str
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    documents: tuple[uuid.UUID, ...] = ()
    uses: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """The client's own tools: the model is told of them, and calls of them are handed to the client.

    `choice` as in ChatRequest; `most` calls at once, None for as many as the model likes.
    """

    tools: tuple[ToolSpec, ...] = ()
    choice: str = "auto"
    most: int | None = None


def questions(turns: Sequence[Turn]) -> list[Turn]:
    return [one for one in turns if one.role == "user"]


def brought(turns: Sequence[Turn]) -> tuple[uuid.UUID, ...]:
    """The files of the whole conversation, the latest first, each once."""
    return tuple(dict.fromkeys(chain.from_iterable(one.documents for one in reversed(questions(turns)))))


def instructions(turns: Sequence[Turn]) -> list[str]:
    """What the client itself tells the model."""
    return [one.text for one in turns if one.role == "system"]


def latest(turns: Sequence[Turn]) -> list[Turn]:
    """The question and what followed it so far."""
    return _rounds(turns)[-1]


def results(turns: Sequence[Turn]) -> list[tuple[ToolCall, Turn]]:
    """What tools said since the question, each with its call."""
    calls = {call.id: call for one in latest(turns) for call in one.calls}
    return [(calls[one.call_id], one) for one in latest(turns) if one.role == "tool"]


def new(turns: Sequence[Turn]) -> str:
    """What policies look at: the question with what tools said since, and the client's own instructions."""
    said = [one.text for one in latest(turns) if one.role in {"user", "tool"}]
    return "\n\n".join([*instructions(turns), *said])


def past(turns: Sequence[Turn], guard: Guard) -> list[Turn]:
    """Earlier rounds as policies let them be told: of one that they keep back in part, what followed is left
    out too.
    """
    told: list[Turn] = []
    for part in _rounds(turns)[:-1]:
        fit = takewhile(lambda unit: all(guard.lets("input", one.text) for one in unit), _units(part))
        told += chain.from_iterable(fit)
    return told


def _rounds(turns: Sequence[Turn]) -> list[list[Turn]]:
    """What stands before the first question belongs to a round of its own."""
    found: list[list[Turn]] = [[]]
    for one in turns:
        if one.role == "user":
            found.append([])
        if one.role != "system":
            found[-1].append(one)
    return [part for part in found if part]


def _units(turns: Sequence[Turn]) -> list[list[Turn]]:
    """A message alone, or calls with all their results."""
    found: list[list[Turn]] = []
    for one in turns:
        if one.role == "tool" and found:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def ours(call: ToolCall) -> ToolCall:
    """Under an id of our own: a service may give the same one twice, and nine letters suit all of them."""
    name = _UNNAMED.sub("_", call.name)[:64] or "_"
    return msgspec.structs.replace(call, id=secrets.token_hex(5)[:9], name=name)


def echoed(call: ToolCall) -> ToolCall:
    """As the model may be told it again: arguments that are no JSON are refused by some services."""
    try:
        fine = isinstance(msgspec.json.decode(call.arguments or "{}"), dict)
    except (msgspec.DecodeError, RecursionError):
        fine = False
    return call if fine else msgspec.structs.replace(call, arguments="{}")


def check_pairs(turns: Sequence[Turn], where: str, *, known: int) -> None:
    """Every call is answered right behind it and every answer is to such a call: services want it so.

    The first `known` turns are ours, and have no place in what the client sent.
    """
    open_calls: set[str] = set()
    for index, turn in enumerate(turns, -known):
        place = f"{where}[{index}]" if index >= 0 else where
        if turn.role == "tool":
            if turn.call_id not in open_calls:
                message = "This answers no call that stands before it."
                raise Invalid(message, field=place, code="invalid_tool_message")
            open_calls.discard(turn.call_id)
        elif open_calls:
            raise _unanswered(open_calls, place)
        else:
            open_calls = {one.id for one in turn.calls}
    if open_calls:
        raise _unanswered(open_calls, where)


def _unanswered(calls: set[str], field: str) -> Invalid:
    told = ", ".join(sorted(calls))[:200]
    return Invalid(f"These calls are not answered: {told}", field=field, code="invalid_tool_message")
