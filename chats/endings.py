"""What must be written though whoever waits for it has gone: the end of a run, room that is given back.

A request that is left is cancelled, and again until it is over; work that still waits for a thread would
be lost with it. So it is a task of its own, which a process that goes away waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_endings: set[asyncio.Task[Any]] = set()


def ending(work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
    """Do it to its end. Whoever awaits what comes back may be cancelled; the work is not."""
    task = asyncio.create_task(work)
    _endings.add(task)
    task.add_done_callback(_endings.discard)
    return asyncio.shield(task)


async def endings() -> None:
    """Wait until every ending is written; for a process that goes away."""
    while _endings:
        await asyncio.wait(set(_endings))
