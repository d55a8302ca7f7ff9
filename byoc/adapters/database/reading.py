"""Asking a database from an event loop, where its driver only knows threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache, partial
from typing import TypeVar

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from humana.kernel.errors import EndpointError
from tenants.db.aliases import close_mine

Result = TypeVar("Result")

#: How long a server may take to say how it is, connecting included, in seconds.
DEADLINE = 10.0
#: As many servers may keep us waiting at the same time; the others are asked meanwhile.
THREADS = 32


async def in_thread(ask: Callable[[], Result]) -> Result:
    """Run `ask` in a thread of its own kind, and wait for it no longer than the deadline.

    Late threads end by themselves: drivers are given times of their own.
    """
    asking = partial(copy_context().run, _asked, ask, get_language())
    running = asyncio.get_running_loop().run_in_executor(_threads(), asking)
    try:
        return await asyncio.wait_for(running, DEADLINE)
    except TimeoutError:
        raise silent() from None


def silent() -> EndpointError:
    message = _("The server does not answer. Check address, port and firewall.")
    return EndpointError(message, permanent=False, code="database_unreachable")


def _asked(ask: Callable[[], Result], language: str | None) -> Result:
    """Django's language is the thread's."""
    try:
        with override(language):
            return ask()
    finally:
        close_mine()


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="databases-asked")
