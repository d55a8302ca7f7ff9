"""Where we are: one organization and the placement that holds its rows, for as long as a block.

The context lives in a ContextVar, so threads and asyncio tasks each see their own. A generator
does not: it runs in its caller's context, so nothing yields inside `use_tenant`.

The context says what every query may touch; the database backend turns it into the connection's search
path and row-level-security setting (see `tenants/db/backend`).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from humana.kernel.errors import NoTenant

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlacementRef:
    """Which database, which schema, which isolation. What routing needs of a Placement row."""

    id: uuid.UUID
    alias: str
    schema: str
    isolation: str


@dataclass(frozen=True, slots=True)
class TenantContext:
    """One organization in one placement. `regulations` and `retention_days` go into its trail."""

    organization_id: uuid.UUID
    slug: str
    placement: PlacementRef
    regulations: tuple[str, ...] = ()
    retention_days: int | None = None


_current: ContextVar[TenantContext | None] = ContextVar("humana_tenant", default=None)


def peek_tenant() -> TenantContext | None:
    """The context, or None outside one. For the backend and logs; code that needs one asks below."""
    return _current.get()


def current_tenant() -> TenantContext:
    """The context; raises NoTenant outside one."""
    context = _current.get()
    if context is None:
        raise NoTenant("a tenant query ran outside a context: wrap it in use_tenant(...)")
    return context


@contextmanager
def use_tenant(target: TenantContext | uuid.UUID) -> Iterator[TenantContext]:
    """Enter an organization. Given an id, its placement is looked up (one query)."""
    if isinstance(target, TenantContext):
        context = target
    else:
        from tenants.queries import context_of

        context = context_of(target)
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextmanager
def without_tenant(*, reason: str) -> Iterator[None]:
    """Step out of the organization, saying why: control-plane sweeps and sign-in."""
    log.debug("left the tenant context: %s", reason)
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)
