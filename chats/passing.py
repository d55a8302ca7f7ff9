"""Tools that a client brings: the model is told of them, and each call of one is the client's to make.

check_offer(…)      whether this model and the policies in force take them
told(…)             a conversation with calls and results, as the model is told it
given(…)            the results that came with the question, as the answer keeps them
Handing             the calls of an answer, on their way to the client
"""

from __future__ import annotations

from collections.abc import Sequence

from byoc.contracts import ChatMessage, ModelCard, ToolCall
from chats.steps import Step, storable
from chats.tool_words import refusal
from chats.turns import Offer, Turn, echoed, ours, results
from chats.watching import Watch
from companions.checks import Guard
from humana.kernel.errors import Invalid, NotAllowed


def check_offer(offer: Offer, endpoint: ModelCard, guard: Guard) -> None:
    """Invalid where the model has no tools, NotAllowed where a policy has a list and one is not on it."""
    if not offer.tools:
        return
    if not endpoint.tools:
        message = "The model behind this companion takes no tools."
        raise Invalid(message, field="tools", code="unsupported_tools")
    allowed = guard.allowed_tools()
    closed = [one.name for one in offer.tools if allowed is not None and one.name not in allowed]
    if closed:
        message = f"A policy of the organization does not allow these tools here: {', '.join(closed)[:200]}"
        raise NotAllowed(message, field="tools", code="tool_not_allowed")


def told(turns: Sequence[Turn], guard: Guard) -> list[ChatMessage]:
    """Without what is empty; of a result that policies keep back, that they do."""
    return [_told(one, guard) for one in turns if tellable(one)]


def tellable(turn: Turn) -> bool:
    """Not empty; what a tool said is told even so."""
    return bool(turn.text or turn.calls) or turn.role == "tool"


def _told(turn: Turn, guard: Guard) -> ChatMessage:
    if turn.role == "tool":
        lets = guard.lets("tool", turn.text)
        return ChatMessage("tool", turn.text if lets else refusal("withheld"), tool_call_id=turn.call_id)
    if turn.role == "user":
        return ChatMessage("user", turn.text)
    return ChatMessage("assistant", turn.text, tool_calls=tuple(map(echoed, turn.calls)))


def given(turns: Sequence[Turn], guard: Guard) -> tuple[Step, ...]:
    """What tools of the client said since the question; nothing of what policies keep back."""
    return tuple(_step(call, turn, guard) for call, turn in results(turns))


def _step(call: ToolCall, turn: Turn, guard: Guard) -> Step:
    lets = guard.lets("tool", turn.text)
    said, state = (storable(turn.text), "ok") if lets else ("", "withheld")
    return Step(call.id, call.name, state, arguments=storable(call.arguments), said=said)


class Handing:
    """`keep` what the model asks for; at its end `over` gives what the client is handed.

    They are held until policies have looked at the whole answer, and at each call.
    """

    def __init__(self, watch: Watch, most: int | None) -> None:
        self._watch, self._most = watch, most
        self._calls: list[ToolCall] = []

    def keep(self, call: ToolCall) -> None:
        if self._most is None or len(self._calls) < self._most:
            self._calls.append(ours(call))

    async def over(self) -> tuple[ToolCall, ...]:
        """All of them; none, with `stopped` on the watch, where a policy keeps one from being made."""
        for call in self._calls:
            if self._watch.stopped or not await self._watch.hands(call.name, storable(call.arguments)):
                return ()
        return tuple(self._calls)


def handed(call: ToolCall, at: int) -> Step:
    """What the message keeps of a call that the client was handed."""
    return Step(call.id, call.name, "handed", at=at, arguments=storable(call.arguments))
