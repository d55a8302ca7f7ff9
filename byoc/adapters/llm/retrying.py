"""Ask again when the service stumbles before its first word."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from byoc.adapters.llm.options import LLMOptions
from byoc.adapters.llm.wrapping import Wrapper
from byoc.contracts import ChatRequest, Event, LLMAdapter, Waiting
from humana.kernel.errors import EndpointError

FIRST_PAUSE = 0.25  # seconds; doubled each time, of which a random half is left out


class Retrying(Wrapper):
    """Bounded in attempts and in time; waits as long as the service asks for, or gives up.

    Never after the first event: the person has begun to read, and a second answer would be
    another one.
    """

    def __init__(self, inner: LLMAdapter, options: LLMOptions) -> None:
        super().__init__(inner)
        self._attempts = options.attempts
        self._seconds = options.retry_seconds

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        clock = asyncio.get_running_loop().time
        started, attempt, begun = clock(), 1, False
        while True:
            try:
                async with aclosing(self._inner.stream(request)) as events:
                    async for event in events:
                        begun = begun or not isinstance(event, Waiting)
                        yield event
                return
            except EndpointError as error:
                pause = self._pause(error, attempt, clock() - started)
                if begun or pause is None:
                    raise
            await asyncio.sleep(pause)
            attempt += 1

    def _pause(self, error: EndpointError, attempt: int, spent: float) -> float | None:
        """Seconds until the next attempt; None when there should be none."""
        if error.permanent or attempt >= self._attempts:
            return None
        if error.code == "unreachable" and attempt == 1:
            return 0.0  # most often a kept connection that the server has closed meanwhile
        pause = FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
        pause = max(pause, error.retry_after or 0.0)
        return pause if spent + pause <= self._seconds else None
