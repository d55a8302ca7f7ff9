"""Who was let in is asked again while the stream is open: a right that is lost ends it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from django.conf import settings

from humana.kernel.errors import HumanaError, NotAllowed, NotFound, Unauthenticated
from humana.kernel.http import ended
from tenants.threads import in_thread


async def while_admitted(ask: Callable[[], object], work: Coroutine[Any, Any, None]) -> HumanaError | None:
    """Do `work` to its end, or until `ask` refuses; returns the refusal then.

    `ask` runs in a thread, in one short call each time. If it fails for another reason, so does the
    stream: the reader comes back to its cursor and is asked at the door.
    """
    working, asking = asyncio.create_task(work), asyncio.create_task(_refusal(ask))
    try:
        await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
        over = working.done()
    finally:
        await ended(working)
        await ended(asking)
    if not over:
        return asking.result()
    working.result()
    return None


async def _refusal(ask: Callable[[], object]) -> HumanaError:
    while True:
        spread = random.uniform(0.7, 1)  # noqa: S311  not all at once
        await asyncio.sleep(settings.HUMANA_RECHECK_SECONDS * spread)
        try:
            await in_thread(ask)
        except (Unauthenticated, NotAllowed, NotFound) as refusal:
            return refusal
