"""What an answer keeps of the response that a program was given, so that it can be read and gone on from.

It stands in the parts of the answer's message, sealed as its text is: what came in (`instructions` left out,
which hold for one response), what was asked for beside it, and how it ended. Calls stand here whole and with
what a provider wants back; people are shown theirs cut, in the steps. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from byoc.contracts import ToolCall
from chats.steps import KIND as STEP
from chats.steps import storable
from chats.tool_words import refusal
from chats.turns import Turn
from companions.checks import Guard

KIND = "response"


class Kept(msgspec.Struct, frozen=True):
    """`said` is what came in, `echo` what the protocol has an answer repeat of its request.

    `usage` is tokens in, out and from a cache; None where nobody knows. `deleted` says that the program let
    it go: nobody goes on from it, those that were gone on from earlier still have it above them.
    """

    said: tuple[Turn, ...] = ()
    echo: dict[str, Any] = {}
    calls: tuple[ToolCall, ...] = ()
    reason: str = ""
    usage: tuple[int, int, int] | None = None
    deleted: bool = False

    def part(self) -> dict[str, Any]:
        """As `Message.parts` keeps it."""
        return {"kind": KIND, **_storable(msgspec.to_builtins(self))}


def kept_in(parts: Iterable[Mapping[str, Any]]) -> Kept | None:
    """None where the program wanted nothing kept, or the answer was to no response."""
    found = next((one for one in parts if one.get("kind") == KIND), None)
    return msgspec.convert(found, Kept, str_keys=True) if found is not None else None


def without_kept(parts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What of an answer is for somebody else too."""
    return [one for one in parts if one.get("kind") != KIND]


def replaced(parts: Iterable[Mapping[str, Any]], kept: Kept) -> list[Mapping[str, Any]]:
    return [kept.part(), *without_kept(parts)]


def held_back(said: Sequence[Turn], guard: Guard) -> tuple[Turn, ...]:
    """What came in, without results that policies keep back: nothing is kept of those."""
    return tuple(_held_back(one, guard) for one in said)


def _held_back(turn: Turn, guard: Guard) -> Turn:
    if turn.role != "tool" or guard.lets("tool", turn.text):
        return turn
    return Turn("tool", refusal("withheld"), call_id=turn.call_id)


def answered(text: str, kept: Kept, parts: Sequence[Mapping[str, Any]]) -> Turn:
    """An answer as the model is told it again: with its calls, and the uses of its companion's own tools."""
    uses = () if kept.calls else tuple(one for one in parts if one.get("kind") == STEP)
    return Turn("assistant", text, kept.calls, uses=uses)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list | tuple) else value
