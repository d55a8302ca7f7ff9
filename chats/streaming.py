"""The stream of one run in Valkey: its owner appends, readers follow from a cursor, in any process.

Entries are sealed with the organization's key for their run, and the whole stream is gone ten minutes
after its last entry; what stays is the message. A cursor is the entry's own id, so a reader that comes
back misses nothing.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import cast
from weakref import WeakKeyDictionary

import msgspec
import redis.asyncio as aioredis
from django.conf import settings
from redis.exceptions import RedisError

from chats.signals import client
from chats.steps import Step
from humana.kernel.crypto import CannotOpen, associated, open_sealed, seal
from tenants.keyring import organization_key

#: A cursor before everything.
START = "0-0"
#: How long a reader waits before it looks around; seconds.
PATIENCE = 5


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A piece of the answer."""

    text: str


class Whole(msgspec.Struct, frozen=True, tag="whole"):
    """All of the answer so far, in place of the pieces before: some of them were lost on the way."""

    text: str


class State(msgspec.Struct, frozen=True, tag="state"):
    """queued, reading, waiting, thinking, switched or streaming. `ahead` requests wait before this one;
    `name` is the document that is being read.
    """

    state: str
    ahead: int = 0
    name: str = ""


class Source(msgspec.Struct, frozen=True):
    """A passage that the answer may cite by its number: of knowledge or of a document."""

    number: int
    kind: str
    id: uuid.UUID
    version: int
    ordinal: int
    title: str
    place: str


class Sources(msgspec.Struct, frozen=True, tag="sources"):
    """All that the answer may cite; told once, before its text."""

    given: list[Source]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The last entry: how the run ended."""

    state: str
    error: str = ""


Entry = Text | Whole | State | Step | Sources | Done
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class RunStream:
    """One run's stream. Cheap to make; holds no connection of its own.

    `sealing` is what `stream_key` said, in a short call before the stream is opened; it is asked here where
    none is given.
    """

    def __init__(self, organization_id: uuid.UUID, run_id: uuid.UUID, sealing: bytes = b"") -> None:
        self._key = f"humana:run:{organization_id.hex}:{run_id.hex}"
        self._place = associated("run-stream", organization_id.hex, run_id.hex)
        self._sealing = sealing or stream_key(organization_id)

    async def append(self, *entries: Entry) -> None:
        """Add entries in one round trip; each puts the end of the stream off."""
        async with valkey().pipeline(transaction=False) as pipe:
            for entry in entries:
                sealed = seal(msgspec.json.encode(entry), key=self._sealing, place=self._place)
                pipe.xadd(self._key, {b"e": sealed})
            pipe.expire(self._key, settings.HUMANA_STREAM_SECONDS)
            await pipe.execute()

    def said(self) -> str:
        """The text of all there is, for a process that waits; empty where the stream is gone."""
        found = cast("list[tuple[bytes, dict[bytes, bytes]]]", client().xrange(self._key))
        text = ""
        for entry in (self._open(fields[b"e"]) for _id, fields in found):
            text = entry.text if isinstance(entry, Whole) else text
            text += entry.text if isinstance(entry, Text) else ""
        return text

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
            return _decoder.decode(open_sealed(sealed, key=self._sealing, place=self._place))
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


def said_so_far(organization_id: uuid.UUID, run_id: uuid.UUID) -> str:
    """What readers were shown: more than the last checkpoint knows. Empty where nobody can tell."""
    try:
        return RunStream(organization_id, run_id).said()
    except (RedisError, CannotOpen):
        return ""


def stream_key(organization_id: uuid.UUID) -> bytes:
    """What an organization's streams are sealed with. Raises CannotOpen where its key was taken away."""
    return organization_key(organization_id, "run-stream")
