"""The same /v1 as ours, reading the model as most code does: chunk objects, the SDK's default client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import cache
from typing import Any

import openai

from byoc import gateway
from byoc.contracts import ChatRequest, End, Event, TextDelta, Usage
from humana.asgi import application

__all__ = ["application"]


class ChunkObjects:
    """An adapter on chunk objects; everything around it is Humana's own."""

    def __init__(self, spec: Any) -> None:
        self.spec = spec

    @cache  # noqa: B019  one per process
    def _client(self) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=self.spec.url, api_key="x", max_retries=0)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        messages: Any = [{"role": one.role, "content": one.text} for one in request.messages]
        answer = await self._client().chat.completions.create(
            model=self.spec.model, messages=messages, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in answer:
            if chunk.usage:
                yield Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                if choice.delta.content:
                    yield TextDelta(choice.delta.content)
                if choice.finish_reason:
                    yield End("stop")


_real = gateway.llm


@cache
def _chunky(model: str | None = None) -> Any:
    return ChunkObjects(_real(model).spec)


gateway.llm = _chunky
