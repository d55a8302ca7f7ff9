"""Where we are: one organization and the placement that holds its rows, for as long as a block.

The context lives in a ContextVar, so threads and asyncio tasks each see their own. A generator
does not: it runs in its caller's context, so nothing yields inside `use_tenant`.

The context says what every query may touch; the database backend turns it into the connection's search
path and row-level-security setting (see `tenants/db/backend`).

A block may outlive the organization's stay where it was entered: an answer takes minutes, a move
flips in one. Whoever notices (the next transaction does, see `tenants/transactions.py`) calls
`relocate`, and the whole block, with every thread and task that copied its context, is at the new
placement.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from humana.kernel.errors import NoTenant, Unavailable
from tenants.db.aliases import close_mine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlacementRef:
    """Which database, which schema, which isolation. What routing needs of a Placement row."""

    id: uuid.UUID
    alias: str
    schema: str
    isolation: str
    behind: bool = False  # migrations that the code cannot do without are missing there
    engine: str = "postgresql"
    one_role: bool = False  # the role that works there owns the tables too

    @property
    def row_security(self) -> bool:
        """Whether the database itself keeps organizations apart: nothing but PostgreSQL can."""
        return self.engine == "postgresql"

    @property
    def append_only(self) -> bool:
        """Whether the database itself refuses a change of the trail: from its owner it takes any."""
        return self.row_security and not self.one_role


#: No placement at all: an organization's rows of the control plane, and nothing else of it.
CONTROL_PLANE = PlacementRef(uuid.UUID(int=0), "default", "public", "row")


@dataclass(frozen=True, slots=True)
class TenantContext:
    """One organization in one placement. `regulations` and `retention_days` go into its trail.

    `mixed` says that it has further placements; in one of those `main` names the one it lives in.
    """

    organization_id: uuid.UUID
    slug: str
    placement: PlacementRef
    regulations: tuple[str, ...] = ()
    retention_days: int | None = None
    mixed: bool = False
    main: PlacementRef | None = None

    @property
    def home(self) -> TenantContext:
        """The same organization in its main placement."""
        return self if self.main is None else replace(self, placement=self.main, main=None)

    def further(self, placement: PlacementRef) -> TenantContext:
        """The same organization in a further placement of its own."""
        return replace(self, placement=placement, main=self.home.placement)


@dataclass(slots=True)
class _Block:
    """What `use_tenant` entered; shared by every copy of the context, so that all of them relocate."""

    context: TenantContext


_current: ContextVar[_Block | None] = ContextVar("humana_tenant", default=None)


def peek_tenant() -> TenantContext | None:
    """The context, or None outside one. For the backend and logs; code that needs one asks below."""
    block = _current.get()
    return None if block is None else block.context


def current_tenant() -> TenantContext:
    """The context; raises NoTenant outside one."""
    block = _current.get()
    if block is None:
        raise NoTenant("a tenant query ran outside a context: wrap it in use_tenant(...)")
    return block.context


@contextmanager
def use_tenant(target: TenantContext | uuid.UUID) -> Iterator[TenantContext]:
    """Enter an organization. Given an id, its placement is looked up (one query).

    Raises Unavailable where the placement is behind the code. On leaving, this thread closes what
    it opened there, unless it was in the same database before.
    """
    if isinstance(target, TenantContext):
        context = target
    else:
        from tenants.queries import context_of

        context = context_of(target)
    if context.placement.behind:
        raise Unavailable(_("This organization is being updated. Try again in a few minutes."), code="behind")
    outer = _current.get()
    token = _current.set(_Block(context))
    try:
        yield context
    finally:
        _current.reset(token)
        close_mine(keep=outer.context.placement.alias if outer else None)


def relocate(context: TenantContext) -> None:
    """The organization has moved: what still runs in the current block goes on at its new placement."""
    block = _current.get()
    if block is None or block.context.organization_id != context.organization_id:
        raise NoTenant("only the organization of the current block can be relocated")
    block.context = context


@contextmanager
def without_tenant(*, reason: str) -> Iterator[None]:
    """Step out of the organization, saying why: control-plane sweeps and sign-in."""
    log.debug("left the tenant context: %s", reason)
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)
