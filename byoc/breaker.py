"""An endpoint that fails again and again is left in peace for a moment, by every process.

A breaker belongs to one organization and one endpoint: what somebody's bad key or overlong question does to
a service that many use trips it for nobody else.

    closed       everybody may ask
    open         after `LIMIT` failures in a row: nobody asks for a pause, which doubles each time
    half open    after the pause one asks; what becomes of that decides

The state is in Valkey, judged by its clock; a process asks for it at most every half second while all is
well. Without Valkey each process counts for itself.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import redis.asyncio as aioredis
from django.conf import settings
from redis.exceptions import RedisError

from byoc.adapters.llm.loops import PerLoop

#: Failures in a row until nobody asks any more.
LIMIT = 5
#: The first pause and the longest, in seconds.
PAUSE, LONGEST = 5.0, 60.0
#: How long the one who tries may take until another may, in seconds.
TRIAL = 15.0
#: What nobody asks about is forgotten; seconds. Longer than the longest pause.
KEPT = 300
#: How long what Valkey said is believed while all is well, in seconds.
UNASKED = 0.5
#: Breakers that a process keeps.
MOST = 10_000

_NOW = "local t = redis.call('TIME'); local now = t[1] + t[2] / 1000000; "
_LOOK = (
    _NOW
    + """
local got = redis.call('HMGET', KEYS[1], 'failures', 'until', 'trial')
local failures, closed_until, trial = tonumber(got[1] or 0), tonumber(got[2] or 0), tonumber(got[3] or 0)
if closed_until == 0 then return {0, failures, '0'} end
local free = math.max(closed_until, trial)
if now < free then return {1, failures, tostring(free - now)} end
redis.call('HSET', KEYS[1], 'trial', now + ARGV[1])
return {0, failures, '0'}
"""
)
_FAILED = (
    _NOW
    + """
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local limit, pause, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if failures >= limit then
  pause = math.min(longest, pause * 2 ^ math.min(failures - limit, 20))
  redis.call('HSET', KEYS[1], 'until', now + pause, 'trial', 0)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return failures
"""
)


@dataclass(slots=True)
class _State:
    """What this process knows by itself; `time.monotonic`."""

    failures: int = 0
    until: float = 0.0
    trial: float = 0.0

    def look(self) -> float:
        now = time.monotonic()
        if not self.until:
            return 0.0
        free = max(self.until, self.trial)
        if now < free:
            return free - now
        self.trial = now + TRIAL
        return 0.0

    def failed(self) -> None:
        self.failures += 1
        if self.failures >= LIMIT:
            pause = min(LONGEST, PAUSE * 2 ** min(self.failures - LIMIT, 20))
            self.until, self.trial = time.monotonic() + pause, 0.0


class Breaker:
    """`asking` before, `failed` or `answered` after. Whoever was let in and says neither was no trial."""

    def __init__(self, key: str) -> None:
        self._key = f"humana:breaker:{key}"
        self._own = _State()
        self._well_until = 0.0  # nothing was wrong there lately
        self._failures = 0  # as Valkey last said

    async def asking(self) -> float:
        """0 where one may ask; else the seconds until somebody may."""
        if time.monotonic() < self._well_until:
            return 0.0
        try:
            shut, self._failures, left = await _eval(_LOOK, self._key, TRIAL)
        except (RedisError, OSError):
            return self._own.look()
        if not self._failures:
            self._well_until = time.monotonic() + UNASKED
        return float(left) if shut else 0.0

    async def failed(self) -> None:
        self._well_until = 0.0
        self._own.failed()
        try:
            self._failures = await _eval(_FAILED, self._key, LIMIT, PAUSE, LONGEST, KEPT)
        except (RedisError, OSError):
            return

    async def answered(self) -> None:
        """It said its first word."""
        self._own = _State()
        if not self._failures:
            return
        self._failures = 0
        try:
            await _valkey().delete(self._key)
        except (RedisError, OSError):
            return


def breaker(asker: str, endpoint: str) -> Breaker:
    """That of one organization ("platform" where nobody asks) for one version of one endpoint."""
    key = f"{asker}:{endpoint}"
    found = _breakers.get(key)
    if found is None:
        found = _breakers.setdefault(key, Breaker(key))
        while len(_breakers) > MOST:
            _breakers.popitem(last=False)
    return found


def forget() -> None:
    """This process knows of no failure by itself."""
    _breakers.clear()


async def close() -> None:
    """Close the running loop's connection."""
    client = _clients.pop()
    if client is not None:
        await client.aclose()


_breakers: OrderedDict[str, Breaker] = OrderedDict()


def _client() -> aioredis.Redis:
    """Quick to give up: an answer must not wait for it."""
    url = settings.REDIS_URL
    return aioredis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, max_connections=50)


_clients: PerLoop[aioredis.Redis] = PerLoop(_client)


def _valkey() -> aioredis.Redis:
    return _clients.get()


async def _eval(script: str, key: str, *arguments: float) -> Any:
    given = [str(one) for one in arguments]
    return await _valkey().eval(script, 1, key, *given)
