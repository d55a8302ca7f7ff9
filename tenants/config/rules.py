"""Which value holds, of those given at the layers above a person: pure, without rows.

The nearest layer that has a value decides; false, 0 and "" are values. A lock holds what is decided
so far, and nothing below it counts. Caps and floors bring the value within them, wherever it comes
from; a lower layer can only narrow what the ones above left.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from tenants.config.catalogue import ConfigKey

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said about one key at one place. `subject` is the team's or the person's id.

    A secret's `value` is its sealed text; neither shows in `repr`.
    """

    layer: str
    subject: uuid.UUID | None = None
    has_value: bool = False
    value: Any = field(default=None, repr=False)
    locked: bool = False
    cap: Any = None
    floor: Any = None
    set_by: str = ""
    set_at: datetime | None = None

    @property
    def version(self) -> int:
        """Counts up with every change of what is said at this place."""
        return (self.set_at - _EPOCH) // timedelta(microseconds=1) if self.set_at else 0


@dataclass(slots=True)
class Settled(Generic[T]):
    """How it was settled. `chosen` is None where the default holds; `wanted` is before the bounds.

    `overrode` are the values further up that `chosen` stands in for, the uppermost first; `unheard`
    are those below the lock.
    """

    value: T = field(repr=False)
    wanted: T = field(repr=False)
    chosen: Entry | None = None
    overrode: list[Entry] = field(default_factory=list)
    unheard: list[Entry] = field(default_factory=list)
    lock: Entry | None = None
    cap: Any = None
    cap_by: Entry | None = None
    floor: Any = None
    floor_by: Entry | None = None

    @property
    def layer(self) -> str:
        return self.chosen.layer if self.chosen else "default"


def settle(key: ConfigKey[T], chain: Iterable[Entry], *, within: Settled[Any] | None = None) -> Settled[T]:
    """`chain` is what is said, the uppermost layer first; `within` has bounds from further up."""
    told: Settled[T] = Settled(key.default, key.default)
    if within is not None:
        told.cap, told.cap_by = within.cap, within.cap_by
        told.floor, told.floor_by = within.floor, within.floor_by
    for entry in chain:
        if entry.layer in key.layers:
            _hear(key, told, entry)
    told.value = bounded(key, told.wanted, told)
    return told


def bounded(key: ConfigKey[T], value: T, by: Settled[Any]) -> T:
    """The value, brought within what was settled."""
    if by.floor_by is not None:
        value = key.kind.raised(value, by.floor)
    if by.cap_by is not None:
        value = key.kind.lowered(value, by.cap)
    return value


def _hear(key: ConfigKey[T], told: Settled[T], entry: Entry) -> None:
    if told.lock is not None:
        if entry.has_value:
            told.unheard.append(entry)
        return
    if entry.has_value:
        if told.chosen is not None:
            told.overrode.append(told.chosen)
        told.chosen, told.wanted = entry, entry.value
    _narrow(key, told, entry)
    if entry.locked and key.locks_at(entry.layer):
        told.lock = entry


def _narrow(key: ConfigKey[T], told: Settled[T], entry: Entry) -> None:
    """A bound from below is itself brought within those from above."""
    if entry.floor is not None and entry.layer in key.floors:
        floor = bounded(key, entry.floor, told)
        if told.floor_by is None or floor != told.floor:
            told.floor, told.floor_by = floor, entry
    if entry.cap is not None and entry.layer in key.caps:
        cap = bounded(key, entry.cap, told)
        if told.cap_by is None or cap != told.cap:
            told.cap, told.cap_by = cap, entry
