"""One span for each answer, after OpenTelemetry's conventions for generative AI. Never a word of it.

The span begins where the model is asked, so it belongs to the organization of that moment. It is not
the current span meanwhile: a generator runs in its caller's context.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from byoc.adapters.llm.wrapping import Wrapper
from byoc.contracts import ChatRequest, End, EndpointSpec, Event, TextDelta, ToolCall, Usage
from humana.kernel.errors import EndpointError

tracer = trace.get_tracer(__name__)

#: The conventions' names for who provides; others keep the name of their type.
PROVIDERS: Mapping[str, str] = {
    "azure": "azure.ai.openai",
    "google": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
}
REASONS: Mapping[str, str] = {"tool_calls": "tool_call"}


class Traced(Wrapper):
    """For the outside of one endpoint's adapter; with a fallback, each endpoint has a span of its own."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        model = request.model or self.spec.model
        asked = _asked(self.spec, model, request)
        span = tracer.start_span(f"chat {model}", kind=SpanKind.CLIENT, attributes=asked)
        answer = _Told(span)
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    answer.hear(event)
                    yield event
        except EndpointError as error:
            _failed(span, error.code)
            raise
        except (GeneratorExit, asyncio.CancelledError):
            span.set_attribute("error.type", "cancelled")  # whoever asked went away: no failure
            raise
        except BaseException as error:
            _failed(span, type(error).__name__)
            raise
        finally:
            span.end()


class _Told:
    """Notes of an answer what the conventions have names for."""

    __slots__ = ("_first", "_span", "_started")

    def __init__(self, span: Span) -> None:
        self._span, self._started, self._first = span, time.monotonic(), True

    def hear(self, event: Event) -> None:
        if self._first and isinstance(event, TextDelta | ToolCall):
            self._first = False
            self._span.set_attribute(
                "gen_ai.response.time_to_first_chunk", round(time.monotonic() - self._started, 6)
            )
        if isinstance(event, Usage):
            self._span.set_attributes(
                {
                    "gen_ai.usage.input_tokens": event.input_tokens,
                    "gen_ai.usage.output_tokens": event.output_tokens,
                    "gen_ai.usage.cache_read.input_tokens": event.cached_tokens,
                }
            )
        elif isinstance(event, End):
            reason = REASONS.get(event.reason, event.reason)
            self._span.set_attribute("gen_ai.response.finish_reasons", [reason])


def _asked(spec: EndpointSpec, model: str, request: ChatRequest) -> dict[str, AttributeValue]:
    where = urlsplit(spec.url)
    told: dict[str, AttributeValue | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(spec.type, spec.type),
        "gen_ai.request.model": model,
        "gen_ai.request.max_tokens": request.max_tokens,
        "gen_ai.request.temperature": request.temperature,
        "server.address": where.hostname,
        "server.port": where.port,
    }
    return {name: value for name, value in told.items() if value is not None}


def _failed(span: Span, kind: str) -> None:
    """The kind of it only: what an error says may repeat what was asked."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))
