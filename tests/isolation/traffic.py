"""Many short transactions of many organizations, of every kind that could leave something behind.

Each action works in one organization, looks at what it sees, and reports to the ledger what it
committed. At the end the ledger and the tables must agree.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection, transaction

from companions.models import PolicyVersion, Value
from tenants.context import TenantContext, use_tenant
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
        self.running = 0
        self._lock = threading.Lock()

    def play(self, seed: int, *, keep: bool = False) -> None:
        """One transaction, chosen by `seed`; the connection then goes back to the pool, mostly."""
        with self._lock:
            self.running += 1
        try:
            dice = random.Random(seed)
            action = dice.choices(list(ACTIONS), weights=list(ACTIONS.values()))[0]
            here, other = dice.sample(self.contexts, 2)
            action(self, here, other)
            self.note(action.__name__)
        finally:
            if not keep:
                connection.close()
            with self._lock:
                self.running -= 1

    def note(self, action: str) -> None:
        with self._lock:
            self.done[action] += 1

    def wrote(self, context: TenantContext, rows: int = 1) -> None:
        with self._lock:
            self.written[context.organization_id] += rows

    def look(self, context: TenantContext) -> None:
        """Past every manager: the connection itself must be in this organization, and see only it."""
        with connection.cursor() as cursor:
            cursor.execute(LOOK)
            entered, titles = cursor.fetchone()
        if entered != context.organization_id.hex or set(titles or [context.slug]) != {context.slug}:
            with self._lock:
                self.wrong.append(f"in {context.slug}: {entered} saw {titles}")

    def settle(self) -> dict[uuid.UUID, int]:
        """Rows of each organization as they are now."""
        found: dict[uuid.UUID, int] = {}
        for context in self.contexts:
            with use_tenant(context):
                self.look(context)
                found[context.organization_id] = Value.objects.count()
        return found


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
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    read(ledger, other, here)


def cancelled(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    with _expecting(DatabaseError), use_tenant(here), tenant_atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        cursor.execute("SELECT pg_sleep(1)")
    read(ledger, other, here)


def cut_off(ledger: Ledger, here: TenantContext, other: TenantContext) -> None:
    """The server ends the connection in the middle of a transaction."""
    with _expecting(DatabaseError), use_tenant(here), tenant_atomic():
        _insert(here)
        with connection.cursor() as cursor:
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
    with use_tenant(here), transaction.atomic():
        rows = Value.objects.iterator(chunk_size=1)
        next(rows, None)
        with use_tenant(other):
            ledger.look(other)
        left = [row for row in rows if row.organization_id != here.organization_id]
        assert not left


ACTIONS: dict[Callable[[Ledger, TenantContext, TenantContext], None], int] = {
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
