"""Short words between processes, through Valkey: there is work; stop this; I am alive.

None of them is needed for correctness: rows say what is true, these only make it quick. Messages
are signed, so whoever can write to Valkey cannot name runs of an organization it does not know.
"""

from __future__ import annotations

import functools
import logging
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import redis
from django.conf import settings
from redis.exceptions import RedisError

from humana.kernel.crypto import associated, derived_key, same, sign

log = logging.getLogger(__name__)

QUEUE = "humana:runs:queued"
STOPS = "humana:runs:stop"
OWNER = "humana:runs:owner:"
#: An owner says that it lives this often, and is dead after this long; seconds.
BEAT, DEAD_AFTER = 3, 12


class RunRef(msgspec.Struct, frozen=True):
    """Which run of which organization; `mark` is the signature."""

    organization: str
    run: str
    mark: str

    @property
    def organization_id(self) -> uuid.UUID:
        return uuid.UUID(self.organization)

    @property
    def run_id(self) -> uuid.UUID:
        return uuid.UUID(self.run)


def encode(organization_id: uuid.UUID, run_id: uuid.UUID) -> bytes:
    organization, run = str(organization_id), str(run_id)
    return msgspec.json.encode(RunRef(organization, run, _mark(organization, run)))


def decode(message: bytes) -> RunRef | None:
    """The reference, or None for anything we did not sign."""
    try:
        ref = msgspec.json.decode(message, type=RunRef)
    except msgspec.DecodeError:
        return None
    return ref if same(ref.mark, _mark(ref.organization, ref.run)) else None


def wake_runner(organization_id: uuid.UUID, run_id: uuid.UUID) -> None:
    """Some runner takes it; the sweep asks again if none did."""
    _tell(lambda valkey: valkey.lpush(QUEUE, encode(organization_id, run_id)))


def ask_to_stop(organization_id: uuid.UUID, run_id: uuid.UUID) -> None:
    """Heard by every runner; the owner cancels."""
    _tell(lambda valkey: valkey.publish(STOPS, encode(organization_id, run_id)))


def alive(owner: str) -> bool:
    """Has this owner beaten lately? Unknown counts as alive: Valkey being away kills nobody."""
    try:
        return bool(client().exists(OWNER + owner))
    except RedisError:
        return True


@contextmanager
def beating() -> Iterator[None]:
    """This process lives, as `alive` sees it, within the block: for tasks that ask a model by themselves."""
    over = threading.Event()
    beat = threading.Thread(target=_beat_until, args=(over,), daemon=True)
    _tell(_beat)
    beat.start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def living_owner() -> Iterator[str]:
    """The same, and the name under which this process owns what it does."""
    with beating():
        yield process_owner()


def _beat_until(over: threading.Event) -> None:
    while not over.wait(BEAT):
        _tell(_beat)


def _beat(valkey: redis.Redis) -> None:
    valkey.set(OWNER + process_owner(), b"1", ex=DEAD_AFTER)


def _tell(say: object) -> None:
    try:
        say(client())  # type: ignore[operator]
    except RedisError:
        log.warning("valkey unreachable; the sweep will find the run")


@functools.cache
def process_owner() -> str:
    """The name under which this process owns runs; the runner beats for it."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@functools.cache
def client() -> redis.Redis:
    """For code that waits: short words only."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


@functools.cache
def _key() -> bytes:
    return derived_key("run")


def _mark(organization: str, run: str) -> str:
    return sign(associated("run", organization, run), key=_key())
