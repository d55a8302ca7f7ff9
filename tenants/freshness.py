"""What every request needs of the control plane, kept in the process and never older than a second.

    endpoints = Fresh("endpoints", load)     load(organization_id or None) reads the rows
    endpoints(organization_id)               the value; asks Valkey at most every half second
    endpoints.changed(organization_id)       in the transaction of a change: every process reads anew
    organization_changed(organization_id)    the same for everything that is kept of it

A change renews a word in Valkey once it is committed; a process whose word is another one reads again.
What is the platform's (None) belongs to the value of every organization, so changing it renews all.
Without Valkey the rows themselves are read as often. A process that dies between its commit and
the new word leaves the others with the old value for `OLDEST` seconds.
"""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from django.core.cache import caches
from django.db import transaction
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

T = TypeVar("T")
#: What Valkey says of the platform's value, of the organization's, and of the organization as a whole.
Word: TypeAlias = tuple[str | None, str | None, str | None]

#: How long a value is given out without asking, in seconds.
UNASKED = 0.5
#: How long it is kept though nothing is known of a change, in seconds.
OLDEST = 30.0
#: A word that nobody needs any more goes by itself; longer than `OLDEST`.
KEPT_IN_VALKEY = 3_600
#: Organizations whose value one process keeps.
KEPT = 2_000
#: Names no value of its own: everything of an organization.
ANYTHING = "*"


@dataclass(slots=True)
class _Kept(Generic[T]):
    value: T
    word: Word
    read_at: float
    asked_at: float


class Fresh(Generic[T]):
    """A value per organization. `load` gets the organization's id, or None for the platform's own."""

    def __init__(self, name: str, load: Callable[[uuid.UUID | None], T]) -> None:
        self.name = name
        self._load = load
        self._kept: OrderedDict[uuid.UUID | None, _Kept[T]] = OrderedDict()

    def __call__(self, organization_id: uuid.UUID | None) -> T:
        """Raises whatever `load` does; never because Valkey is down."""
        now = time.monotonic()
        kept = self._kept.get(organization_id)
        if kept is not None and now - kept.asked_at < UNASKED:
            return kept.value
        word = self._word(organization_id)
        if kept is not None and word is not None and word == kept.word and now - kept.read_at < OLDEST:
            kept.asked_at = now
            return kept.value
        value = self._load(organization_id)
        self._kept[organization_id] = _Kept(value, word or (None, None, None), now, now)
        self._kept.move_to_end(organization_id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return value

    def peek(self, organization_id: uuid.UUID | None) -> T | None:
        """The value as it was last read, whenever that was; asks nobody, so an event loop may."""
        kept = self._kept.get(organization_id)
        return None if kept is None else kept.value

    def changed(self, organization_id: uuid.UUID | None) -> None:
        """Call in the transaction of the change; once it is committed every process reads again."""
        transaction.on_commit(lambda: self._renew(organization_id))

    def forget(self) -> None:
        """This process reads everything again."""
        self._kept.clear()

    def _renew(self, organization_id: uuid.UUID | None) -> None:
        """Here it is old at once, though `peek` still gives it until somebody reads."""
        for kept in list(self._kept.values()):
            kept.read_at = kept.asked_at = -math.inf
        _say_anew(_key(self.name, organization_id))

    def _word(self, organization_id: uuid.UUID | None) -> Word | None:
        keys = _key(self.name, None), _key(self.name, organization_id), _key(ANYTHING, organization_id)
        try:
            found = caches["platform"].get_many(set(keys))
        except (RedisError, OSError):
            return None
        return found.get(keys[0]), found.get(keys[1]), found.get(keys[2])


def organization_changed(organization_id: uuid.UUID) -> None:
    """In the transaction of a change of the organization itself, as of its zone: all of it is read again."""
    transaction.on_commit(lambda: _say_anew(_key(ANYTHING, organization_id)))


def _say_anew(key: str) -> None:
    try:
        caches["platform"].set(key, uuid.uuid4().hex, KEPT_IN_VALKEY)
    except (RedisError, OSError):
        log.warning("Valkey did not hear of a change; it is read again soon")


def _key(name: str, organization_id: uuid.UUID | None) -> str:
    return f"fresh:{name}:{organization_id.hex if organization_id else 'platform'}"
