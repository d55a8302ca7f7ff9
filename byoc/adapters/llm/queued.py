"""A small model answers a few at a time; the others stand in a queue and are told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from byoc.adapters.llm.errors import endpoint_error
from byoc.adapters.llm.loops import PerLoop
from byoc.adapters.llm.options import LLMOptions
from byoc.adapters.llm.wrapping import Wrapper
from byoc.contracts import ChatRequest, Event, LLMAdapter, Waiting
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _


class _Line:
    """The places of one event loop and how many wait for one."""

    def __init__(self, places: int) -> None:
        self.free = asyncio.Semaphore(places)
        self.waiting = 0

    async def take(self, seconds: float) -> bool:
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self.free.acquire()
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
        return True


class Queued(Wrapper):
    """At most `places` answers at a time in this process; `Waiting` is yielded before the wait.

    Raises EndpointError ("overloaded") when no place comes free in `queue_seconds`.
    """

    def __init__(self, inner: LLMAdapter, options: LLMOptions, places: int) -> None:
        super().__init__(inner)
        self._seconds = options.queue_seconds
        self._lines = PerLoop(lambda: _Line(places))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        line = self._lines.get()
        if line.free.locked():
            yield Waiting(ahead=line.waiting)
        if not await line.take(self._seconds):
            sentence = _("%(name)s is busy: no place came free in %(seconds)s seconds.")
            message = Worded(sentence, name=self.spec.name, seconds=f"{self._seconds:g}")
            raise endpoint_error("overloaded", message, permanent=False)
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    yield event
        finally:
            line.free.release()
