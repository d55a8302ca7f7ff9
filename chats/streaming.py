"""The stream of one run in Valkey: its owner appends, readers follow from a cursor, in any process.

Entries are sealed for their run, and the whole stream is gone ten minutes after it began, or after the
last use of a tool; what stays is the message. A cursor is the entry's own id, so a reader that comes back
misses nothing.
"""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

import msgspec
import redis.asyncio as aioredis
from django.conf import settings

from chats.steps import Step
from humana.kernel.crypto import CannotOpen, associated, derived_key, open_sealed, seal

#: A cursor before everything.
START = "0-0"
#: How long a reader waits before it looks around; seconds.
PATIENCE = 5


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A piece of the answer."""

    text: str


class State(msgspec.Struct, frozen=True, tag="state"):
    """queued, waiting, thinking, switched or streaming. `ahead` requests wait before this one."""

    state: str
    ahead: int = 0


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The last entry: how the run ended."""

    state: str
    error: str = ""


Entry = Text | State | Step | Done
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class RunStream:
    """One run's stream. Cheap to make; holds no connection of its own."""

    def __init__(self, organization_id: uuid.UUID, run_id: uuid.UUID) -> None:
        self._key = f"humana:run:{organization_id.hex}:{run_id.hex}"
        self._place = associated("run-stream", organization_id.hex, run_id.hex)

    async def append(self, *entries: Entry) -> None:
        """Add entries in one round trip. A stream that was taken away and begins anew ends too."""
        async with valkey().pipeline(transaction=False) as pipe:
            for entry in entries:
                sealed = seal(msgspec.json.encode(entry), key=_key(), place=self._place)
                pipe.xadd(self._key, {b"e": sealed})
            pipe.expire(self._key, settings.HUMANA_STREAM_SECONDS, nx=True)
            if any(isinstance(one, Step) for one in entries):  # a question to the person stays to be seen
                pipe.expire(self._key, settings.HUMANA_STREAM_SECONDS, gt=True)
            await pipe.execute()

    async def follow(self, cursor: str) -> AsyncIterator[tuple[str, Entry | None]]:
        """Entries after `cursor`, each with its own; (cursor, None) when none came for a while.

        Ends after `Done`. Whether a silent run still lives is for the caller to find out.
        """
        while True:
            found = await valkey().xread({self._key: cursor}, count=500, block=PATIENCE * 1000)
            if not found:
                yield cursor, None
                continue
            for raw_id, fields in _entries(found):
                cursor = raw_id.decode()
                entry = self._open(fields[b"e"])
                if entry is None:
                    continue
                yield cursor, entry
                if isinstance(entry, Done):
                    return

    def _open(self, sealed: bytes) -> Entry | None:
        try:
            return _decoder.decode(open_sealed(sealed, key=_key(), place=self._place))
        except (CannotOpen, msgspec.DecodeError):
            return None


def _entries(found: object) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the one stream asked for, in either shape of the protocol."""
    streams = list(found.values()) if isinstance(found, dict) else [found[0][1]]  # type: ignore[index]
    entries = streams[0]
    while (
        entries and isinstance(entries[0], list) and entries[0] and isinstance(entries[0][0], (list, tuple))
    ):
        entries = entries[0]
    return [(raw_id, fields) for raw_id, fields in entries]


def valid_cursor(text: str) -> str:
    """The cursor a reader sent, or the start where it is not one."""
    ms, _dash, sequence = text.partition("-")
    return text if ms.isdigit() and sequence.isdigit() and len(text) < 40 else START


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, aioredis.Redis] = WeakKeyDictionary()


def valkey() -> aioredis.Redis:
    """This event loop's client; a blocking read takes a connection of its own from its pool."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        client = aioredis.Redis.from_url(
            settings.REDIS_URL,
            max_connections=2000,
            socket_connect_timeout=2,
            socket_timeout=PATIENCE * 2,  # longer than any blocking read of ours
        )
        _clients[loop] = client
    return client


async def close_valkey() -> None:
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose()


@functools.cache
def _key() -> bytes:
    return derived_key("run-stream")
