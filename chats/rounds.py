"""The turns of a model that may use tools, as one answer: asked, given what its tools said, asked again.

    text · calls → each call made → text · calls → … → text

It ends when the model asks for no tool. At the limits it is asked once more without any; a model that goes on
asking for them then has no say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from byoc import gateway
from byoc.contracts import ChatMessage, ChatRequest, End, Event, TextDelta, ToolCall, Usage
from chats.hands import Hands
from chats.plans import RunPlan, room_of, size_of
from chats.services.reserving import hold_more
from chats.steps import Step
from chats.tool_words import refusal
from chats.turns import echoed, ours
from chats.watching import Said, Watch
from humana.kernel.errors import EndpointError
from tenants.context import use_tenant
from tenants.threads import in_thread

#: Characters of a result that are always told, however full the model's context is.
LEAST_ROOM = 500


@dataclass(slots=True)
class _Turn:
    """One turn of the model, as far as it came."""

    number: int
    text: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    end: End = field(default_factory=End)
    metered: bool = False


class Rounds:
    """`events()` is the whole answer. `unmetered` says that of some turn nobody knows what it used,
    `exhausted` that the model would have gone on with tools when it had to end.
    """

    def __init__(self, plan: RunPlan, watch: Watch) -> None:
        self._plan = plan
        self._hands = Hands(plan, watch)
        self._seconds = float(plan.answer_seconds)  # of the model and its tools, not of the person
        self._said = 0
        self._ends = True  # whether what was said so far ends a line
        self.unmetered = self.exhausted = False

    @property
    def waited(self) -> float:
        """Seconds in which the person was waited for."""
        return self._hands.waited

    async def events(self) -> AsyncGenerator[Said, None]:
        request, number = self._plan.request, 0
        while True:
            number += 1
            turn = _Turn(number)
            async with aclosing(self._ask(request, turn)) as events:
                async for event in events:
                    yield event
            self.unmetered = self.unmetered or not turn.metered
            if not turn.calls or request.tool_choice == "none":
                break
            async with aclosing(self._use(request, turn)) as steps:
                async for step in steps:
                    yield step
            request = self._next(request, turn)
        if turn.calls:
            self.exhausted = True
            yield self._enough(turn)
        yield End("length") if turn.calls else turn.end

    def _enough(self, turn: _Turn) -> Step:
        """For the reader, of a model that asks for tools where it may have none any more."""
        call, said = turn.calls[0], refusal("limit")
        return Step(call.id, call.name, "limit", at=self._said, round=turn.number, said=said)

    async def _ask(self, request: ChatRequest, turn: _Turn) -> AsyncGenerator[Event, None]:
        if turn.number > 1:
            await in_thread(_hold_more, self._plan, request)
        began = asyncio.get_running_loop().time()
        stream = gateway.llm(self._plan.endpoint).stream(request)
        async with aclosing(until(stream, self._seconds)) as events:
            async for event in events:
                if isinstance(event, ToolCall):
                    turn.calls.append(ours(event))
                elif isinstance(event, End):
                    turn.end = event
                elif isinstance(event, TextDelta):
                    for piece in self._apart(event, turn):
                        yield piece
                else:
                    turn.metered = turn.metered or isinstance(event, Usage)
                    yield event
        self._seconds -= asyncio.get_running_loop().time() - began

    def _apart(self, event: TextDelta, turn: _Turn) -> list[TextDelta]:
        """What a turn says begins a paragraph of its own."""
        between = [] if turn.text or self._ends else [TextDelta("\n\n")]
        turn.text.append(event.text)
        self._ends = event.text.endswith("\n")
        self._said += len(event.text) + sum(len(one.text) for one in between)
        return [*between, event]

    async def _use(self, request: ChatRequest, turn: _Turn) -> AsyncGenerator[Step, None]:
        hands = self._hands
        room = room_of(self._plan.endpoint) - size_of(request.messages)
        for left, call in zip(range(len(turn.calls), 0, -1), turn.calls, strict=True):
            share = max(room // left, LEAST_ROOM)
            before = hands.seconds
            async with aclosing(hands.use(call, at=self._said, number=turn.number, room=share)) as steps:
                async for step in steps:
                    yield step
            room -= len(hands.told[call.id])
            self._seconds -= before - hands.seconds
            if step.state == "limit":
                break

    def _next(self, request: ChatRequest, turn: _Turn) -> ChatRequest:
        """The same with what the model said and was told; without a choice once there is an end to it."""
        asked = ChatMessage("assistant", "".join(turn.text), tool_calls=tuple(map(echoed, turn.calls)))
        told = [ChatMessage("tool", self._hands.answer(one), tool_call_id=one.id) for one in turn.calls]
        over = self._hands.at_end or turn.number >= self._plan.limits.rounds
        choice = "none" if over else request.tool_choice
        return replace(request, messages=(*request.messages, asked, *told), tool_choice=choice)


def _hold_more(plan: RunPlan, request: ChatRequest) -> None:
    """Another turn needs room in budgets, as the first did."""
    if plan.reserved is not None:
        with use_tenant(plan.context):
            hold_more(plan, request)


async def until(events: AsyncGenerator[Event, None], seconds: float) -> AsyncGenerator[Event, None]:
    """The same events; one that comes later than that counts as a model that took too long."""
    deadline = asyncio.get_running_loop().time() + seconds
    async with aclosing(events):
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await anext(events, None)
            except TimeoutError:
                raise EndpointError("the answer took too long", permanent=False, code="timeout") from None
            if event is None:
                return
            yield event
