"""Things that belong to one event loop: network clients, queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Thing = TypeVar("Thing")


class PerLoop(Generic[Thing]):
    """One thing for each event loop, made at its first use there."""

    def __init__(self, make: Callable[[], Thing]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, Thing] = WeakKeyDictionary()

    def get(self) -> Thing:
        loop = asyncio.get_running_loop()
        thing = self._made.get(loop)
        if thing is None:
            thing = self._made[loop] = self._make()
        return thing

    def pop(self) -> Thing | None:
        """The running loop's thing, forgotten from now on."""
        return self._made.pop(asyncio.get_running_loop(), None)
