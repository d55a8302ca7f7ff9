"""Another endpoint answers where the first does not, until the first word: after it nobody changes over.

    fallback([(primary, breaker), (spare, breaker)])

The person has begun to read, and a second answer would be another one: what breaks off then is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import NoReturn, Protocol, TypeAlias

from byoc.adapters.llm.base import folded
from byoc.adapters.llm.errors import endpoint_error, timed_out
from byoc.adapters.llm.toolless import fitting
from byoc.contracts import (
    Answer,
    ChatRequest,
    EndpointSpec,
    Event,
    Health,
    LLMAdapter,
    ModelInfo,
    Switched,
    Waiting,
)
from humana.kernel.errors import EndpointError

#: How long an endpoint may be silent before the next one is asked, in seconds. With the way to that one it is
#: less than eight; a service that thinks for longer belongs last.
SILENCE = 5.0
#: What is wrong with the question itself: another endpoint would say the same, or answer another question.
OF_THE_QUESTION = frozenset({"bad_request", "context_too_long"})


class Breaker(Protocol):
    """See `byoc.breaker`."""

    async def asking(self) -> float: ...
    async def failed(self) -> None: ...
    async def answered(self) -> None: ...


Leg: TypeAlias = tuple[LLMAdapter, Breaker]


class Fallback:
    """Asks one after the other; yields `Switched` when it changes over. An adapter itself.

    The question's model is that of the endpoint named `asked`; any other is asked for its own. The last one
    has all the time that it has by itself. Raises the EndpointError of the last one asked, or
    "unreachable" where all of them are left in peace just now.
    """

    def __init__(self, legs: Sequence[Leg], *, asked: str = "") -> None:
        self._legs = tuple(legs)
        self._asked = asked or self.spec.name

    @property
    def spec(self) -> EndpointSpec:
        return self._legs[0][0].spec

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        asked, why = self.spec, ""
        last: EndpointError | None = None
        for position, (adapter, breaker) in enumerate(self._legs):
            if left := await breaker.asking():
                last = last or _in_peace(adapter.spec, left)
                why = why or last.code
                continue
            if adapter.spec != asked:
                yield _switched(asked, adapter.spec, why)
            own = adapter.spec.name == self._asked
            question = request if own else _own_question(request, adapter.spec)
            silence = SILENCE if position + 1 < len(self._legs) else None
            begun = False
            try:
                async with aclosing(_answer(adapter, question, silence)) as events:
                    async for event in events:
                        if not begun and not isinstance(event, Waiting):
                            begun = True
                            await breaker.answered()
                        yield event
                return
            except EndpointError as error:
                await _note(breaker, error)
                if begun or error.code in OF_THE_QUESTION:
                    raise
                asked, why, last = adapter.spec, error.code, error
        _give_up(last)

    async def generate(self, request: ChatRequest) -> Answer:
        return await folded(self, request)

    async def health(self) -> Health:
        return await self._legs[0][0].health()

    async def models(self) -> tuple[ModelInfo, ...]:
        return await self._legs[0][0].models()

    async def close(self) -> None:
        for adapter, _breaker in self._legs:
            await adapter.close()


def _own_question(request: ChatRequest, spec: EndpointSpec) -> ChatRequest:
    """For the model of another endpoint, which may know no tools."""
    return fitting(replace(request, model=spec.model), spec)


async def _answer(
    adapter: LLMAdapter, request: ChatRequest, silence: float | None
) -> AsyncGenerator[Event, None]:
    """The adapter's events, if the first comes before `silence` is over. One that waits for a place waits."""
    async with aclosing(adapter.stream(request)) as events:
        try:
            async with asyncio.timeout(silence):
                first = await anext(events)
        except TimeoutError:
            raise timed_out(adapter.spec.name, f"has said nothing for {silence:g} seconds") from None
        except StopAsyncIteration:
            return
        yield first
        async for event in events:
            yield event


async def _note(breaker: Breaker, error: EndpointError) -> None:
    """What the question is to blame for says nothing of the endpoint."""
    if error.code not in OF_THE_QUESTION:
        await breaker.failed()


def _switched(before: EndpointSpec, now: EndpointSpec, why: str) -> Switched:
    return Switched(before.name, now.name, now.model, why)


def _in_peace(spec: EndpointSpec, seconds: float) -> EndpointError:
    message = f"{spec.name} failed several times in a row; it is asked again in {seconds:.0f} seconds."
    return endpoint_error("unreachable", message, permanent=False, retry_after=seconds)


def _give_up(last: EndpointError | None) -> NoReturn:
    raise last or endpoint_error("not_configured", "No model is connected.", permanent=True)
