"""What the adapters share: the one loop that turns a provider's bytes into events.

The SDK builds the request, authenticates and knows the errors. Its response is taken raw: a chunk
object for every token would cost three times as much as all the rest.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from byoc.adapters.llm.bound import Bound
from byoc.adapters.llm.catalogue import model_of
from byoc.adapters.llm.errors import cut, endpoint_error, malformed, timed_out, translated
from byoc.adapters.llm.options import read_options
from byoc.adapters.llm.reader import Decoder, EventReader
from byoc.adapters.llm.watchdog import Watchdog
from byoc.contracts import (
    Answer,
    ChatRequest,
    End,
    EndpointSpec,
    Event,
    LLMAdapter,
    ModelInfo,
    TextDelta,
    ToolCall,
    Usage,
)
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel import egress

if TYPE_CHECKING:
    from humana.kernel.egress.client import Body


class SDKAdapter(Bound):
    """An adapter on an official SDK. See `LLMAdapter` for the contract."""

    def __init__(self, spec: EndpointSpec, guard: egress.Guard) -> None:
        self._options = read_options(spec)
        super().__init__(spec, guard, self._options)

    @abstractmethod
    def _ask(self, sdk: Any, request: ChatRequest, model: ModelInfo) -> Any:
        """A context manager for the raw response of a streamed answer of `model`."""

    @abstractmethod
    def _decoder(self) -> Decoder: ...

    def model(self, name: str | None = None) -> ModelInfo:
        """What is known of a model of this endpoint, or of its own."""
        return model_of(self._spec, self._options, name or "")

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(self.model(name) for name in await self._offered())

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        model = self.model(request.model)
        if request.tools and not model.tools:
            raise _without_tools(self._spec, model)
        client = await self._client()
        watchdog, begun = Watchdog(self._options), False
        async with AsyncExitStack() as held:
            held.callback(watchdog.stop)
            try:
                body = await self._opened(held, self._ask(client.sdk, request, model))
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

    async def _opened(self, held: AsyncExitStack, answer: Any) -> Body:
        """The body of a response that promises events; `held` closes it."""
        seconds = self._options.first_seconds
        try:
            async with asyncio.timeout(min(seconds, self._options.total_seconds)):
                response = await held.enter_async_context(answer)
        except TimeoutError:
            sentence = _("%(name)s has not begun to answer after %(seconds)s seconds.")
            raise timed_out(self._spec.name, sentence, seconds=f"{seconds:g}") from None
        kind = response.headers.get("content-type", "text/event-stream")
        if not kind.startswith("text/event-stream"):
            raise malformed(f"it answers with {kind[:60]!r} instead of events", permanent=True)
        body: Body = response.extensions["body"]
        return body

    async def generate(self, request: ChatRequest) -> Answer:
        return await folded(self, request)


def _without_tools(spec: EndpointSpec, model: ModelInfo) -> Exception:
    sentence = _("The model “%(model)s” of %(name)s cannot use tools: choose another, or ask without tools.")
    message = Worded(sentence, model=model.name, name=spec.name)
    return endpoint_error("bad_request", message, permanent=True)


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


def given(arguments: str) -> dict[str, Any]:
    """The arguments of a call as the object that some protocols want; {} for what is none."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
