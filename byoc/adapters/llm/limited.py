"""Keep an endpoint's rates: requests and tokens per minute, as its owner or its provider allows."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from byoc.adapters.llm.errors import endpoint_error
from byoc.adapters.llm.options import LLMOptions
from byoc.adapters.llm.wrapping import Wrapper
from byoc.contracts import ChatRequest, Event, Limiter, LLMAdapter, Usage
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _

CHARACTERS_PER_TOKEN = 3.5  # an estimate before the answer; afterwards the provider's count is taken
ANSWER_TOKENS = 500  # where nothing limits the answer

A_MOMENT = 0.02  # seconds later, so that whoever wakes a little early is not refused again


class Limited(Wrapper):
    """Refuses what is too much ("rate_limited", with the seconds to wait) before anything is dialled.

    Stands inside `Retrying`, which waits as long as it is worth. A bucket holds one minute's worth.
    """

    def __init__(self, inner: LLMAdapter, options: LLMOptions, limiter: Limiter) -> None:
        super().__init__(inner)
        self._requests, self._tokens = options.requests_per_minute, options.tokens_per_minute
        self._limiter = limiter
        spec = inner.spec
        self._key = spec.id or f"{spec.owner}:{spec.name}"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        size = self._size(request)
        wait = await self._limiter.take(self._key, requests=self._requests, tokens=self._tokens, size=size)
        if wait > 0:
            raise self._refused(wait + A_MOMENT)
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                if isinstance(event, Usage):
                    await self._settle(event.input_tokens + event.output_tokens - size)
                yield event

    async def _settle(self, difference: int) -> None:
        if self._tokens and difference:
            await self._limiter.settle(self._key, tokens=self._tokens, difference=difference)

    def _size(self, request: ChatRequest) -> int:
        characters = sum(len(turn.text) for turn in request.messages)
        limits = [limit for limit in (request.max_tokens, self.spec.max_output_tokens) if limit]
        size = round(characters / CHARACTERS_PER_TOKEN) + min(limits, default=ANSWER_TOKENS)
        return min(size, self._tokens or size)  # a bucket never holds more

    def _refused(self, wait: float) -> Exception:
        sentence = _("%(name)s has reached the rate that is set for it here: wait, or raise its limits.")
        message = Worded(sentence, name=self.spec.name)
        return endpoint_error("rate_limited", message, permanent=False, retry_after=wait)


@dataclass(slots=True)
class _Bucket:
    full: float  # what it holds at most
    left: float
    at: float


class LocalLimiter:
    """Buckets of this process. A request larger than a whole bucket goes when the bucket is full."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    async def take(self, key: str, *, requests: int | None, tokens: int | None, size: int) -> float:
        asked = [(f"{key}:requests", requests, 1), (f"{key}:tokens", tokens, size)]
        with self._lock:
            wanted = [(self._filled(name, rate), min(much, rate)) for name, rate, much in asked if rate]
            wait = max(((much - bucket.left) * 60 / bucket.full for bucket, much in wanted), default=0.0)
            if wait > 0:
                return wait
            for bucket, much in wanted:
                bucket.left -= much
        return 0.0

    async def settle(self, key: str, *, tokens: int | None, difference: int) -> None:
        if tokens:
            with self._lock:
                bucket = self._filled(f"{key}:tokens", tokens)
                bucket.left = min(bucket.full, bucket.left - difference)

    def _filled(self, name: str, rate: int) -> _Bucket:
        now = time.monotonic()
        bucket = self._buckets.setdefault(name, _Bucket(rate, rate, now))
        if bucket.full != rate:
            bucket.full, bucket.left = rate, min(bucket.left, rate)
        bucket.left = min(rate, bucket.left + (now - bucket.at) * rate / 60)
        bucket.at = now
        return bucket
