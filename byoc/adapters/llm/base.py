"""What the adapters share: the one loop that turns a provider's bytes into events.

The SDK builds the request, authenticates and knows the errors. Its response is taken raw: a chunk
object for every token would cost three times as much as all the rest.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from byoc.adapters.llm.errors import cut, malformed, timed_out, translated
from byoc.adapters.llm.loops import PerLoop
from byoc.adapters.llm.options import read_options
from byoc.adapters.llm.reader import Decoder, EventReader
from byoc.adapters.llm.watchdog import Watchdog
from byoc.contracts import (
    Answer,
    ChatRequest,
    End,
    EndpointSpec,
    Event,
    Health,
    LLMAdapter,
    TextDelta,
    ToolCall,
    Usage,
)
from humana.kernel import egress

if TYPE_CHECKING:
    from humana.kernel.egress.client import Body


@dataclass(frozen=True, slots=True)
class Client:
    """An SDK's client, and the exceptions that it may raise."""

    sdk: Any
    errors: tuple[type[Exception], ...]


class SDKAdapter(ABC):
    """An adapter on an official SDK. See `LLMAdapter` for the contract."""

    #: What the first request loads, in a thread: an SDK takes a second, and others are streaming.
    modules: ClassVar[tuple[str, ...]]

    def __init__(self, spec: EndpointSpec, guard: egress.Guard) -> None:
        self._spec = spec
        self._guard = guard
        self._options = read_options(spec)
        self._clients = PerLoop(self._make_client)
        self._loaded = False

    @property
    def spec(self) -> EndpointSpec:
        return self._spec

    @abstractmethod
    def _make_client(self) -> Client:
        """A client of the SDK on `_http_client`, without retries of its own."""

    @abstractmethod
    def _ask(self, sdk: Any, request: ChatRequest) -> Any:
        """The SDK's context manager for the raw response of a streamed answer."""

    @abstractmethod
    def _list_models(self, sdk: Any) -> Any:
        """The SDK's context manager for a cheap question that needs the key."""

    @abstractmethod
    def _decoder(self) -> Decoder: ...

    def _http_client(self) -> Any:
        return egress.http_client(
            self._spec.url,
            self._guard,
            connect_seconds=self._options.connect_seconds,
            max_bytes=self._options.max_bytes,
        )

    async def _client(self) -> Client:
        if not self._loaded:
            await asyncio.to_thread(_load, *self.modules, "humana.kernel.egress.client")
            self._loaded = True
        return self._clients.get()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        client = await self._client()
        watchdog, begun = Watchdog(self._options), False
        async with AsyncExitStack() as held:
            held.callback(watchdog.stop)
            try:
                body = await self._opened(held, client.sdk, request)
                watchdog.arm(body.abort)
                reader = EventReader(body, self._decoder(), watchdog, self._options)
                while events := await reader.read():
                    begun = True
                    for event in events:
                        yield event
                last = await reader.last(self._spec.name)
            except client.errors as error:
                raise watchdog.error(self._spec.name) or translated(error, self._spec, begun=begun) from error
        for event in last:
            yield event

    async def _opened(self, held: AsyncExitStack, sdk: Any, request: ChatRequest) -> Body:
        """The body of a response that promises events; `held` closes it."""
        seconds = self._options.first_seconds
        try:
            async with asyncio.timeout(seconds):
                response = await held.enter_async_context(self._ask(sdk, request))
        except TimeoutError:
            message = f"has not begun to answer after {seconds:g} seconds"
            raise timed_out(self._spec.name, message) from None
        kind = response.headers.get("content-type", "text/event-stream")
        if not kind.startswith("text/event-stream"):
            raise malformed(f"it answers with {kind[:60]!r} instead of events", permanent=True)
        body: Body = response.http_response.extensions["body"]
        return body

    async def generate(self, request: ChatRequest) -> Answer:
        return await folded(self, request)

    async def health(self) -> Health:
        client = await self._client()
        started = time.monotonic()
        try:
            async with asyncio.timeout(2 * self._options.connect_seconds):
                async with self._list_models(client.sdk):
                    pass
        except TimeoutError:
            error = timed_out(self._spec.name, "does not answer a probe in time")
        except client.errors as reason:
            error = translated(reason, self._spec, begun=False)
        else:
            return Health(True, time.monotonic() - started)
        return Health(False, time.monotonic() - started, error.code, str(error))

    async def close(self) -> None:
        client = self._clients.pop()
        if client is not None:
            await client.sdk.close()


def _load(*modules: str) -> None:
    for module in modules:
        import_module(module)


async def folded(adapter: LLMAdapter, request: ChatRequest) -> Answer:
    """A stream as one value."""
    texts: list[str] = []
    calls: list[ToolCall] = []
    usage: Usage | None = None
    async with aclosing(adapter.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                texts.append(event.text)
            elif isinstance(event, ToolCall):
                calls.append(event)
            elif isinstance(event, Usage):
                usage = event
            elif isinstance(event, End):
                return Answer("".join(texts), event.reason, tuple(calls), usage)
    raise cut(adapter.spec.name)
