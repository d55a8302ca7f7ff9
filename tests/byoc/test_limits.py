"""The rate of an endpoint is kept by all processes together."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from django.conf import LazySettings
from django.core.cache import caches

from byoc.adapters.llm.limited import LocalLimiter
from byoc.contracts import Limiter
from byoc.limits import SharedLimiter

pytestmark = pytest.mark.asyncio


@pytest.fixture(params=[SharedLimiter, LocalLimiter])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    made: Limiter = request.param()
    return made


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


async def test_requests_of_one_minute_and_no_more(limiter: Limiter, key: str) -> None:
    waits = [await limiter.take(key, requests=3, tokens=None, size=9) for _ in range(4)]
    assert waits[:3] == [0, 0, 0]
    assert 15 < waits[3] <= 20  # a third of a minute brings the next


async def test_tokens_count_too_and_a_refusal_takes_nothing(limiter: Limiter, key: str) -> None:
    take = lambda size: limiter.take(key, requests=100, tokens=600, size=size)  # noqa: E731
    assert await take(500) == 0
    assert 35 < await take(500) <= 40
    assert 35 < await take(500) <= 40
    assert await take(90) == 0


async def test_what_was_thought_too_much_is_given_back(limiter: Limiter, key: str) -> None:
    await limiter.take(key, requests=None, tokens=600, size=600)
    await limiter.settle(key, tokens=600, difference=-500)
    assert await limiter.take(key, requests=None, tokens=600, size=490) == 0


async def test_what_was_thought_too_little_is_owed(limiter: Limiter, key: str) -> None:
    await limiter.take(key, requests=None, tokens=600, size=1)
    await limiter.settle(key, tokens=600, difference=1_199)
    assert 55 < await limiter.take(key, requests=None, tokens=600, size=1) <= 61


async def test_one_that_is_larger_than_a_minute_goes_alone(limiter: Limiter, key: str) -> None:
    assert await limiter.take(key, requests=None, tokens=100, size=5_000) == 0
    assert await limiter.take(key, requests=None, tokens=100, size=5_000) > 50


async def test_each_endpoint_has_its_own(limiter: Limiter, key: str) -> None:
    assert await limiter.take(key, requests=1, tokens=None, size=1) == 0
    assert await limiter.take(key + "-other", requests=1, tokens=None, size=1) == 0


async def test_two_processes_share_it(key: str) -> None:
    one, other = SharedLimiter(), SharedLimiter()
    taken = await asyncio.gather(
        *[(one, other)[number % 2].take(key, requests=10, tokens=None, size=1) for number in range(30)]
    )
    assert taken.count(0) == 10


async def test_without_valkey_each_keeps_it_alone(key: str, settings: LazySettings) -> None:
    settings.CACHES = settings.CACHES | {
        "platform": settings.CACHES["platform"] | {"LOCATION": "redis://127.0.0.1:9/0"}
    }
    assert caches["platform"] is not None
    limiter = SharedLimiter()
    assert await limiter.take(key, requests=1, tokens=None, size=1) == 0
    assert await limiter.take(key, requests=1, tokens=None, size=1) > 50
