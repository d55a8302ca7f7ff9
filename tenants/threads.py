"""The bridge from asyncio to the database: one bounded pool of threads, each call short.

Threads of this pool and of the WSGI door together never outnumber the connections of the
database pool, so nobody waits for a connection that a waiting thread holds.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from tenants.db.aliases import close_mine

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.HUMANA_ASYNC_THREADS, thread_name_prefix="humana-db")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run synchronous code with a copy of this context; its connection goes back to the pool after."""
    call = functools.partial(
        _then_release, contextvars.copy_context(), functools.partial(work, *args, **kwargs)
    )
    return await asyncio.get_running_loop().run_in_executor(_threads(), call)


def _then_release(context: contextvars.Context, work: Callable[[], R]) -> R:
    try:
        return context.run(work)
    finally:
        close_mine()
        close_old_connections()
