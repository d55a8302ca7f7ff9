"""Who is doing this: carried beside the tenant context, read by the trail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or process behind a change.

    `label` is what people read in the trail, kept as it was at that moment; `kind` is one of
    user, key, operator, system. `address` is the client's as the outermost trusted proxy saw it.
    """

    kind: str = "system"
    label: str = "humana"
    user_id: uuid.UUID | None = None
    membership_id: uuid.UUID | None = None
    address: str = ""
    agent: str = ""
    request_id: str = ""


SYSTEM = Actor()
_actor: ContextVar[Actor] = ContextVar("humana_actor", default=SYSTEM)


def current_actor() -> Actor:
    """The actor of this request, task or command; the system itself where nobody is named."""
    return _actor.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    token = _actor.set(actor)
    try:
        yield actor
    finally:
        _actor.reset(token)
