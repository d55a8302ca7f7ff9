"""What is counted: each floor adds a counter for what it writes down, when it is ready."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from companions.models import ALL
from humana.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Count:
    """So many of `name`, of a companion or what else it is about; `other` is the other end, if it has one."""

    name: str
    value: int
    subject: uuid.UUID = ALL
    other: uuid.UUID = ALL


@dataclass(frozen=True, slots=True)
class Counter:
    """`count` gives what there was between two moments, the second one excluded, as things stand now.

    `since` says whether anything was written since a moment, `first` when the oldest was, if any.
    All three run in one placement, and are quick: by an index that begins with the time.
    """

    count: Callable[[datetime, datetime], Iterable[Count]]
    since: Callable[[datetime], bool]
    first: Callable[[], datetime | None]


counters: Registry[Counter] = Registry("counter of figures")

#: How many of something there are now, read in the main placement: by the name the page has for it.
totals: Registry[Callable[[], int]] = Registry("total of figures")
