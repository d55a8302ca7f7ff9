"""What a person answers when a tool asks first, from whichever process they are at to the one that waits.

The answer lies in Valkey under the call it is for, sealed for its run; the first one counts. Whoever waits
looks there, so neither a lost word nor a broken connection leaves them waiting in vain.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import uuid
from typing import cast

from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from chats.signals import client
from chats.streaming import valkey
from humana.kernel.crypto import CannotOpen, associated, derived_key, open_sealed, seal
from humana.kernel.errors import Unavailable

#: How often the one that waits looks, and how long an answer lies there; seconds.
LOOK, KEPT = 0.25, 900
_WORDS = {True: b"allow", False: b"decline"}


def answer_call(organization_id: uuid.UUID, run_id: uuid.UUID, call: str, *, allowed: bool) -> bool:
    """Say it; False where somebody has already. Raises Unavailable where it cannot be passed on."""
    sealed = seal(_WORDS[allowed], key=_sealing(), place=_place(organization_id, run_id, call))
    try:
        return bool(client().set(_key(organization_id, run_id, call), sealed, ex=KEPT, nx=True))
    except RedisError:
        raise Unavailable(_("That could not be passed on just now. Try again.")) from None


async def wait_for_answer(
    organization_id: uuid.UUID, run_id: uuid.UUID, call: str, seconds: float
) -> bool | None:
    """Whether the person allows it; None where nobody said anything in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(RedisError):
                    if said := await valkey().get(_key(organization_id, run_id, call)):
                        return _opened(cast("bytes", said), _place(organization_id, run_id, call))
                await asyncio.sleep(LOOK)
    return None


def _opened(said: bytes, place: bytes) -> bool:
    """What we did not seal for this very call allows nothing."""
    try:
        return open_sealed(said, key=_sealing(), place=place) == _WORDS[True]
    except CannotOpen:
        return False


def _key(organization_id: uuid.UUID, run_id: uuid.UUID, call: str) -> str:
    return f"humana:run:{organization_id.hex}:{run_id.hex}:{call}"


def _place(organization_id: uuid.UUID, run_id: uuid.UUID, call: str) -> bytes:
    return associated("run-consent", organization_id.hex, run_id.hex, call)


@functools.cache
def _sealing() -> bytes:
    return derived_key("run-consent")
