"""Wrappers are adapters around an adapter: `retrying(queued(adapter))` is one more `LLMAdapter`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator

from byoc.adapters.llm.base import folded
from byoc.contracts import Answer, ChatRequest, EndpointSpec, Event, Health, LLMAdapter, ModelInfo


class Wrapper(ABC):
    """Passes everything on; a wrapper says what it does to `stream`."""

    def __init__(self, inner: LLMAdapter) -> None:
        self._inner = inner

    @property
    def spec(self) -> EndpointSpec:
        return self._inner.spec

    @abstractmethod
    def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]: ...

    async def generate(self, request: ChatRequest) -> Answer:
        return await folded(self, request)

    async def health(self) -> Health:
        return await self._inner.health()

    async def models(self) -> tuple[ModelInfo, ...]:
        return await self._inner.models()

    async def close(self) -> None:
        await self._inner.close()
