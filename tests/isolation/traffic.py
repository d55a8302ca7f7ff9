"""Many short transactions of many organizations, of every kind that could leave something behind.

Each action works in one organization, looks at what it sees, and reports to the ledger what it
committed. At the end the ledger and the tables must agree. Where an action works in two organizations
at once, they are taken in one order: with the first one's connection in hand it waits for the other's.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper

from companions.models import PolicyVersion, Value
from tenants.context import TenantContext, current_tenant, use_tenant
from tenants.transactions import tenant_atomic

LOOK = """
    SELECT current_setting('humana.organization'), array_agg(DISTINCT title) FROM companions_value
"""


class Ledger:
    """What was committed where, and what was seen that should not have been."""

    def __init__(self, contexts: list[TenantContext]) -> None:
        self.contexts = contexts
        self.written: Counter[uuid.UUID] = Counter()
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.visited: Counter[uuid.UUID] = Counter()
        self.running = 0
        self._lock = threading.Lock()
        self.before = self.count()

    def play(self, seed: int, *, keep: bool = False) -> None:
        """One transaction, chosen by `seed`; the connection then goes back to the pool, mostly."""
        with self._lock:
            self.running += 1
        try:
            dice = random.Random(seed)
            action = dice.choices(list(ACTIONS), weights=list(ACTIONS.values()))[0]
            here, other = dice.sample(self.contexts, 2)
            action(self, here, other)
            self.note(action.__name__, here, other)
        finally:
            if not keep:
                connection.close()
            with self._lock:
                self.running -= 1

    def note(self, action: str, *visited: TenantContext) -> None:
        with self._lock:
            self.done[action] += 1
            self.visited.update(context.organization_id for context in visited)

    def wrote(self, context: TenantContext, rows: int = 1) -> None:
        with self._lock:
            self.written[context.organization_id] += rows

    def look(self, context: TenantContext) -> None:
        """Past every manager: the connection itself must be in this organization, and see only it."""
        with cursor_here() as cursor:
            cursor.execute(LOOK)
            entered, titles = cursor.fetchone()
        if entered != context.organization_id.hex or set(titles or [context.slug]) != {context.slug}:
            with self._lock:
                self.wrong.append(f"in {context.slug}: {entered} saw {titles}")

    def count(self) -> dict[uuid.UUID, int]:
        """Rows of each organization as they are now; each is looked at once more."""
        found: dict[uuid.UUID, int] = {}
        for context in self.contexts:
            with use_tenant(context):
                self.look(context)
                found[context.organization_id] = Value.objects.count()
        return found

    def settle(self) -> None:
        """What was written is what is there, and nobody has seen a row of somebody else."""
        assert self.wrong == []
        expected = {key: rows + self.written[key] for key, rows in self.before.items()}
        assert self.count() == expected
        assert self.wrong == []


def cursor_here() -> CursorWrapper:
    """Past every manager, where the organization of the context lives."""
    return connections[current_tenant().placement.alias].cursor()


def in_order(here: TenantContext, other: TenantContext) -> tuple[TenantContext, TenantContext]:
    """Databases of their own first: their writers ask `default` where the organization lives."""

    def rank(context: TenantContext) -> tuple[bool, str]:
        return context.placement.alias == DEFAULT_DB_ALIAS, context.placement.alias

    return (here, other) if rank(here) <= rank(other) else (other, here)


def read(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    with use_tenant(here):
        ledger.look(here)


def write(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    with use_tenant(here):
        with tenant_atomic():
            _insert(here)
            ledger.look(here)
        ledger.wrote(here)


def one_after_the_other(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    for context in (here, other, here):
        read(ledger, context, context)
    write(ledger, other, here)
    read(ledger, here, other)


def fail(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    with _expecting(ZeroDivisionError), use_tenant(here), tenant_atomic():
        _insert(here)
        raise ZeroDivisionError
    read(ledger, other, here)


def lose_a_savepoint(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    here, other = in_order(here, other)
    with use_tenant(here), tenant_atomic():
        ledger.look(here)
        with _expecting(ZeroDivisionError), use_tenant(other), tenant_atomic():
            _insert(other)
            ledger.look(other)
            raise ZeroDivisionError
        ledger.look(here)
        _insert(here)
    ledger.wrote(here)


def visit_and_return(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    here, other = in_order(here, other)
    with use_tenant(here), tenant_atomic():
        _insert(here)
        with use_tenant(other), tenant_atomic():
            _insert(other)
            ledger.look(other)
        ledger.look(here)
    ledger.wrote(here)
    ledger.wrote(other)


def break_the_transaction(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    with _expecting(DatabaseError), use_tenant(here), tenant_atomic():
        _insert(here)
        with cursor_here() as cursor:
            cursor.execute("SELECT 1 / 0")
    read(ledger, other, here)


def cancelled(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    with _expecting(DatabaseError), use_tenant(here), tenant_atomic(), cursor_here() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        cursor.execute("SELECT pg_sleep(1)")
    read(ledger, other, here)


def cut_off(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    """The server ends the connection in the middle of a transaction."""
    with _expecting(DatabaseError), use_tenant(here), tenant_atomic():
        _insert(here)
        with cursor_here() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    read(ledger, other, here)


def refused_at_commit(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    """A reference is checked at the commit, which then is a rollback: settings go back too."""
    read(ledger, other, here)
    with _expecting(DatabaseError), use_tenant(here), tenant_atomic():
        _insert(here)
        PolicyVersion.objects.create(policy_id=uuid.uuid4(), number=1, regulation="LGPD", requirement="None")
    read(ledger, other, here)
    read(ledger, here, other)


def leave_in_the_middle(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    """A server-side cursor is given up half read, in a transaction of Django's own."""
    here, other = in_order(here, other)
    with use_tenant(here), transaction.atomic(using=here.placement.alias):
        rows = Value.objects.iterator(chunk_size=1)
        next(rows, None)
        with use_tenant(other):
            ledger.look(other)
        left = [row for row in rows if row.organization_id != here.organization_id]
        assert not left


def entered_and_rolled_back(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    """What enters an organization is undone with the transaction that it was part of."""
    read(ledger, other, here)
    with use_tenant(here):
        with _expecting(ZeroDivisionError), transaction.atomic(using=here.placement.alias):
            ledger.look(here)
            raise ZeroDivisionError
        ledger.look(here)


def rolled_back_from_next_door(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    """A savepoint made in one organization is gone back to in another."""
    here, other = in_order(here, other)
    alias = here.placement.alias
    with use_tenant(here), transaction.atomic(using=alias):
        ledger.look(here)
        mark = transaction.savepoint(using=alias)
        with use_tenant(other):
            ledger.look(other)
            transaction.savepoint_rollback(mark, using=alias)
            ledger.look(other)
        ledger.look(here)


Action = Callable[[Ledger, TenantContext, TenantContext], None]
ACTIONS: dict[Action, int] = {
    read: 5,
    write: 8,
    one_after_the_other: 4,
    fail: 4,
    lose_a_savepoint: 4,
    visit_and_return: 4,
    break_the_transaction: 3,
    cancelled: 1,
    cut_off: 1,
    refused_at_commit: 3,
    leave_in_the_middle: 3,
    entered_and_rolled_back: 3,
    rolled_back_from_next_door: 3,
}


def _insert(context: TenantContext) -> None:
    Value.objects.create(title=context.slug, description="written in between")


@contextmanager
def _expecting(*errors: type[BaseException]) -> Iterator[None]:
    """These errors are part of the action."""
    try:
        yield
    except errors:
        return
    raise AssertionError("the action should have failed")
