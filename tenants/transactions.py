"""Transactions on the placement of the context.

Django's bare `atomic()` and `on_commit()` speak only of `default`; on a customer's database a
row then survives its rollback. Tenant apps use these two. The outermost block also writes what
was buffered for just before the commit (the trail), so a hot head row is locked only briefly.

The outermost block begins where the organization lives at that moment: while its last rows are
being moved it waits, and then begins at the new placement (see `tenants/db/residence.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.context import TenantContext, current_tenant, use_tenant
from tenants.db.residence import being_moved, follow, follow_at_once, lives_here, waiting

Write = Callable[[], None]
#: An organization, and one of its placements.
Home = tuple[uuid.UUID, uuid.UUID]


@dataclass(slots=True)
class _Unit:
    """One outermost transaction: what must still be written into it, by whom, in order."""

    connection: BaseDatabaseWrapper
    at_home: set[Home]  # what no move can take away before it ends
    last_words: list[tuple[TenantContext, Write]] = field(default_factory=list)


_unit: ContextVar[_Unit | None] = ContextVar("humana_unit", default=None)


@contextmanager
def tenant_atomic() -> Iterator[None]:
    """All or nothing in the organization's own database. Nests as savepoints."""
    outer = _open_unit_at_home()
    if outer is not None:
        with _inner(outer):
            yield
        return
    with _at_home() as connection, _outermost(_Unit(connection, {_here()})):
        yield


@contextmanager
def control_atomic() -> Iterator[None]:
    """All or nothing in the control plane. Around `tenant_atomic()` it commits after it."""
    with transaction.atomic():
        yield


@contextmanager
def _at_home() -> Iterator[BaseDatabaseWrapper]:
    """A transaction that no move can overtake, on the database where the organization lives."""
    for pause in waiting():
        connection = connections[current_tenant().placement.alias]
        with transaction.atomic(using=connection.alias):
            if lives_here(connection):
                yield connection
                return
        follow(pause)


def _open_unit() -> _Unit | None:
    """The transaction we are inside of. A thread that copied this context is in none: it has
    a connection of its own."""
    unit = _unit.get()
    here = connections[current_tenant().placement.alias]
    return unit if unit is not None and unit.connection is here else None


@contextmanager
def _outermost(unit: _Unit) -> Iterator[None]:
    """Ends before the commit, so that what runs on commit starts a transaction of its own."""
    token = _unit.set(unit)
    try:
        yield
        _say_last_words(unit)
    finally:
        _unit.reset(token)


@contextmanager
def _inner(unit: _Unit) -> Iterator[None]:
    said = len(unit.last_words)
    try:
        with transaction.atomic(using=unit.connection.alias):
            yield
    except BaseException:
        del unit.last_words[said:]
        raise


def _open_unit_at_home() -> _Unit | None:
    """The transaction we are inside of, where the organization lives there; the block goes there first.

    Another organization, or another placement of the same one, inside the same transaction: one that was
    moved before is followed, but none can wait for a move to end, so there it gives up.
    """
    unit = _open_unit()
    if unit is None or _here() in unit.at_home:
        return unit
    if lives_here(unit.connection):
        unit.at_home.add(_here())
        return unit
    if not follow_at_once():
        raise being_moved()
    return _open_unit_at_home()


def _here() -> Home:
    context = current_tenant()
    return context.organization_id, context.placement.id


def _say_last_words(unit: _Unit) -> None:
    while unit.last_words:
        speaker, write = unit.last_words.pop(0)
        with use_tenant(speaker):
            write()


def before_commit(write: Write) -> None:
    """Run `write` as the last thing of the current transaction, or in one of its own.

    It runs in the organization that asked for it, whichever is current by then.
    """
    unit = _open_unit()
    if unit is not None:
        unit.last_words.append((current_tenant(), write))
        return
    with tenant_atomic():
        write()


def on_tenant_commit(act: Callable[[], object]) -> None:
    """Run `act`, in this organization, once its transaction is really committed; never on rollback."""
    context = current_tenant()

    def inside() -> None:
        with use_tenant(context):
            act()

    transaction.on_commit(inside, using=context.placement.alias)
