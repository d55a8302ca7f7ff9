"""From the bytes of one response to events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from byoc.adapters.llm.errors import cut
from byoc.adapters.llm.options import LLMOptions
from byoc.adapters.llm.sse import EventSplitter
from byoc.adapters.llm.watchdog import Watchdog
from byoc.contracts import Event

if TYPE_CHECKING:
    from humana.kernel.egress.client import Body

DRAIN_SECONDS = 0.1  # for the last bytes after the end, so that the connection can be used again


class Decoder(Protocol):
    """Turns the JSON of a provider's events into ours."""

    done: bool  # the provider said that nothing follows

    def feed(self, payloads: Sequence[bytes]) -> list[Event]:
        """The events of one network read, their texts joined. Raises EndpointError."""
        ...

    def finish(self) -> list[Event]:
        """What is left at the end: calls, usage, `End`. Empty when the answer is not complete."""
        ...


class EventReader:
    """Reads a body once. Errors of the network pass through as they are."""

    __slots__ = ("_begun", "_body", "_decoder", "_splitter", "_watchdog")

    def __init__(self, body: Body, decoder: Decoder, watchdog: Watchdog, options: LLMOptions) -> None:
        self._body, self._decoder, self._watchdog = body, decoder, watchdog
        self._splitter = EventSplitter(options.max_event_bytes)
        self._begun = False

    async def read(self) -> list[Event]:
        """The next events, as many as one network read brought; [] when the answer has ended."""
        self._watchdog.listen()
        while not self._decoder.done and (chunk := await self._body.read()):
            payloads = self._splitter.feed(chunk)
            if payloads or b"\n" in chunk:  # any whole line is a sign of life
                self._watchdog.beat()
            if payloads and (events := self._decoder.feed(payloads)):
                self._begin()
                self._watchdog.pause()
                return events
        return []

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._watchdog.begin()

    async def last(self, name: str) -> list[Event]:
        """What closes the answer. Raises EndpointError ("cut") when the end is missing."""
        events = self._decoder.finish()
        if not events:
            raise cut(name)
        await self._drain()
        return events

    async def _drain(self) -> None:
        if self._body.at_end:
            return
        with suppress(Exception):  # the answer is complete; only the connection is at stake
            async with asyncio.timeout(DRAIN_SECONDS):
                while await self._body.read():
                    pass
