"""Where an organization lives, asked at the beginning of every writing transaction.

A move ends with a short freeze: it takes the organization's residence for itself, copies the last
rows, and names the new placement. Every writing transaction holds the residence too, shared with
all other writers. So none is half inside the old placement when the move flips, and one that begins
meanwhile is told to wait; reads take no part.

Where the rows are on another server than the control plane, a fence there holds writers too
(`tenants/db/fence.py`): that server may end the session which has the residence.

    PostgreSQL    an advisory lock of the transaction, tried with the placement's name in one message
    MariaDB       a shared lock on a row that every placement has
    SQLite        a writing transaction is alone in its file anyway
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, ProgrammingError, connections, transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import Unavailable
from tenants.context import TenantContext, current_tenant, relocate, use_tenant
from tenants.db import fence
from tenants.db.patience import wait_at_most

#: How long a writer waits for a move to end, in seconds; people are told "a few seconds".
PATIENCE = 15.0
#: Pauses between two looks, in seconds.
PAUSE = 0.05

#: How long a move waits for writers to finish before it lets them go on, in seconds.
MOVERS_PATIENCE = 5

_TRY = "SELECT pg_try_advisory_xact_lock_shared(%s)"
_TAKE = (
    "SELECT set_config('idle_in_transaction_session_timeout', '0', true),"
    " set_config('lock_timeout', %s, true), pg_advisory_xact_lock(%s)"
)
_LIVES = (
    "SELECT EXISTS (SELECT 1 FROM public.tenants_organization WHERE id = %s AND placement_id = %s"
    " AND (frozen_until IS NULL OR frozen_until < clock_timestamp()))"
    " OR EXISTS (SELECT 1 FROM public.tenants_placement WHERE further_of_id = %s AND id = %s)"
)
_SHARE = "SELECT id FROM django_migrations ORDER BY id LIMIT 1 LOCK IN SHARE MODE"
_ALONE = "SELECT id FROM django_migrations ORDER BY id LIMIT 1 FOR UPDATE"


def lock_of(organization_id: uuid.UUID) -> int:
    """The number of the organization's advisory lock."""
    return int.from_bytes(sha256(b"residence" + organization_id.bytes).digest()[:8], "big", signed=True)


def lives_here(connection: Any) -> bool:
    """Whether the open transaction may write: nobody is moving the organization, and it is here.

    It is in its main placement, and in each further one that it keeps companions in.
    """
    context = current_tenant()
    if connection.alias == DEFAULT_DB_ALIAS:
        return _ask_both(connection, context)
    return _hold(connection, context.organization_id) and _is_at(context)


@contextmanager
def taken(context: TenantContext) -> Iterator[Callable[[], None]]:
    """Nobody writes for the organization at this placement within the block; they wait for its end.

    One transaction of the owner: what is changed in the same database commits with it, or not at all.
    Yields what the transaction that names the new placement calls: it makes sure that nobody did write.
    Raises Unavailable where writers do not finish in time.
    """
    from tenants.owner import as_owner

    alias = context.placement.alias
    with (
        _fenced(context) as nobody_wrote,
        use_tenant(context),
        as_owner(alias),
        transaction.atomic(using=alias),
    ):
        connection = connections[alias]
        try:
            _take(connection, context.organization_id)
        except OperationalError as error:
            message = _("People were writing all the time. It is tried again by itself.")
            raise Unavailable(message, code="busy") from error
        yield nobody_wrote


def _fenced(context: TenantContext) -> AbstractContextManager[Callable[[], None]]:
    """In the control plane's own database the lock and the flip are one transaction, and enough; a
    further placement is never named anew.
    """
    if context.placement.alias == DEFAULT_DB_ALIAS or context.main is not None:
        return nullcontext(lambda: None)
    return fence.closed(context.organization_id)


def _take(connection: Any, organization_id: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_TAKE, [f"{MOVERS_PATIENCE}s", lock_of(organization_id)])
        elif connection.vendor == "mysql":
            wait_at_most(connection, MOVERS_PATIENCE)
            cursor.execute(_ALONE)


def waiting() -> Iterator[float]:
    """Pauses until patience ends; then Unavailable is raised."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        yield PAUSE
    raise being_moved()


def being_moved() -> Unavailable:
    message = _("Your organization is being moved. This takes a few seconds: try again.")
    return Unavailable(message, code="moving")


def follow(pause: float) -> None:
    """Look where the organization lives now; wait where that has not changed yet.

    Raises NotFound when it is gone for good.
    """
    if not follow_at_once():
        time.sleep(pause)


def follow_at_once() -> bool:
    """Go on where the organization lives now; whether that is elsewhere. Raises as `follow` does."""
    from tenants.queries import context_where

    context = current_tenant()
    now = context_where(context.organization_id, context.placement.id)
    if now.placement == context.placement:
        return False
    relocate(now)
    return True


def _ask_both(connection: Any, context: TenantContext) -> bool:
    """The second statement is read after the lock is held, so it cannot be older than a move."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_TRY};{_LIVES}", [lock_of(context.organization_id), *_both(context)])
        (free,) = cursor.fetchone()
        cursor.nextset()
        (here,) = cursor.fetchone()
    return bool(free and here)


def _hold(connection: Any, organization_id: uuid.UUID) -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_TRY, [lock_of(organization_id)])
            return bool(cursor.fetchone()[0])
        if connection.vendor == "mysql":
            return _shared(cursor)
    return True


def _shared(cursor: Any) -> bool:
    """False while somebody moves it, and where it is gone with its tables."""
    try:
        cursor.execute(f"{_SHARE} NOWAIT")
    except (OperationalError, ProgrammingError):
        return False
    return True


def _is_at(context: TenantContext) -> bool:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_LIVES, _both(context))
        return bool(cursor.fetchone()[0])


def _both(context: TenantContext) -> list[uuid.UUID]:
    return [context.organization_id, context.placement.id] * 2
