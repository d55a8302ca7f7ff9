"""Rates and places that all processes keep together: two buckets for each endpoint in Valkey, and what plans
allow an organization.

Without Valkey every process keeps the whole rate by itself: too much may then go out, for as long as
it is away, but nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from django.core.cache import caches
from redis.exceptions import RedisError

from byoc.adapters.llm.limited import LocalLimiter

log = logging.getLogger(__name__)

#: How long Valkey may take, in seconds.
PATIENCE = 0.5

#: A bucket holds one minute's worth and fills by Valkey's own clock; it goes when it would be full.
#: Tells how long to wait, in milliseconds; 0 when all of it was taken.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait, left = 0, {}
for place, key in ipairs(KEYS) do
  local rate, much = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
  local kept = redis.call('HMGET', key, 'left', 'at')
  local had = math.min(tonumber(kept[1] or rate), rate)
  had = math.min(rate, had + (now - tonumber(kept[2] or now)) * rate / 60000)
  left[place] = had - much
  if ARGV[#ARGV] == 'ask' and left[place] < 0 then
    wait = math.max(wait, math.ceil(-left[place] * 60000 / rate))
  end
end
if wait > 0 then return wait end
for place, key in ipairs(KEYS) do
  local rate = tonumber(ARGV[2 * place - 1])
  redis.call('HSET', key, 'left', tostring(math.min(rate, left[place])), 'at', now)
  redis.call('PEXPIRE', key, 60000 + math.ceil(math.max(0, -left[place]) * 60000 / rate))
end
return 0
"""

#: Places are members of a sorted set, each with the moment at which it is given back by itself.
_ENTER = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[3]))
return 1
"""


class SharedLimiter:
    """A `Limiter` over Valkey. Keys name the endpoint; an endpoint has one owner."""

    def __init__(self) -> None:
        self._alone = LocalLimiter()

    async def take(self, key: str, *, requests: int | None, tokens: int | None, size: int) -> float:
        asked = [("requests", requests, 1), ("tokens", tokens, size)]
        buckets = [(f"rate:{key}:{what}", rate, min(much, rate)) for what, rate, much in asked if rate]
        waited = await self._run(buckets)
        if waited is None:
            return await self._alone.take(key, requests=requests, tokens=tokens, size=size)
        return waited / 1000

    async def settle(self, key: str, *, tokens: int | None, difference: int) -> None:
        """What was thought too little is owed: the next ones wait for it."""
        if tokens:
            await self._run([(f"rate:{key}:tokens", tokens, difference)], asks=False)

    async def _run(self, buckets: list[tuple[str, int, int]], *, asks: bool = True) -> int | None:
        """Milliseconds to wait; None without Valkey."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(_take, buckets, asks)
        except (RedisError, OSError, TimeoutError):
            log.warning("Valkey does not answer: each process keeps the rates of endpoints by itself")
            return None


def take_one(name: str, rate: int) -> float:
    """One of `rate` in a minute: 0.0 when it is taken, else seconds to wait. Without Valkey it is."""
    try:
        return _take([(f"rate:{name}", rate, 1)], True) / 1000
    except (RedisError, OSError):
        return 0.0


def enter(name: str, who: str, most: int, seconds: int) -> bool:
    """Take one of `most` places, given back after `seconds` at the latest; who has one keeps it.

    Without Valkey there is room for everybody.
    """
    try:
        client, key = _client_and_key(f"places:{name}")
        return bool(client.eval(_ENTER, 1, key, who, most, seconds))
    except (RedisError, OSError):
        return True


def leave(name: str, who: str) -> None:
    try:
        client, key = _client_and_key(f"places:{name}")
        client.zrem(key, who)
    except (RedisError, OSError):
        log.warning("Valkey does not answer: a place is given back by itself")


def _client_and_key(name: str) -> tuple[Any, str]:
    cache: Any = caches["platform"]
    return cache._cache.get_client(None, write=True), cache.make_key(name)


def _take(buckets: list[tuple[str, int, int]], asks: bool) -> int:
    cache: Any = caches["platform"]
    client = cache._cache.get_client(None, write=True)
    keys = [cache.make_key(name) for name, _rate, _much in buckets]
    numbers = [number for _name, rate, much in buckets for number in (rate, much)]
    return int(client.eval(_TAKE, len(keys), *keys, *numbers, "ask" if asks else "settle"))
