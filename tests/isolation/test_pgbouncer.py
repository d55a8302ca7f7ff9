"""Behind PgBouncer in transaction mode: each transaction may have another server connection.

What a session sets would stay for whoever comes next (tests/peers shows it does), so nothing is set
on a session. `HUMANA_INTERLEAVED` counts here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction

from companions.models import Value
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.db.backend.base import DatabaseWrapper
from tenants.db.backend.entering import EnteringCursor
from tenants.statements import insert, select, send
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World
from tests.isolation.test_interleaving import (
    ENOUGH,
    EVERYWHERE,
    THREADS,
    TRANSACTIONS,
    everything_had_its_turn,
    ledger_of,  # noqa: F401
    play_in_tasks,
)
from tests.isolation.traffic import Ledger
from tests.isolation.worlds import every_isolation
from tests.peers.pgbouncer import PgBouncer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.needs("pgbouncer"),
    pytest.mark.postgresql_only("PgBouncer is a pooler of PostgreSQL"),
]


@contextmanager
def going_through(bouncer: PgBouncer, name: str, *, per_transaction: bool = True) -> Iterator[None]:
    """Everybody in this process reaches our server through the pooler for the block: `default`, and
    the databases of their own beside it."""
    settings = connections.settings["default"]
    before = dict(settings)
    _disconnect()
    settings |= {
        "HOST": bouncer.host,
        "PORT": str(bouncer.port),
        "USER": bouncer.user,
        "PASSWORD": bouncer.password,
        "NAME": name,
        "ENTER_PER_TRANSACTION": per_transaction,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
    try:
        yield
    finally:
        _disconnect()
        settings.clear()
        settings |= before


def _disconnect() -> None:
    pooled: Any = connection
    pooled.close()
    pooled.close_pool()
    for alias in aliases.known():
        if hasattr(connections._connections, alias):  # type: ignore[attr-defined]
            del connections[alias]  # it has the settings from before
    aliases.forget_all()


@pytest.fixture
def bounced(pgbouncer: PgBouncer, cloned_database: str, look_alikes: object) -> Iterator[PgBouncer]:
    with going_through(pgbouncer, cloned_database):
        yield pgbouncer


def left_on_the_server(bouncer: PgBouncer, name: str) -> set[str]:
    """What any client finds on the server connections that are lent in turn."""
    found = set()
    for _ in range(4):
        with psycopg.connect(bouncer.url(name), autocommit=True, prepare_threshold=None) as stranger:
            row = stranger.execute("SELECT current_setting('humana.organization', true)").fetchone()
            found.add((row and row[0]) or "")
    return found


@every_isolation
def test_rows_are_read_and_written_at_home(bounced: PgBouncer, left: World, right: World) -> None:
    with use_tenant(left.context):
        value = Value.objects.create(title="Through the pooler", description="100% here")
        assert Value.objects.filter(description__contains="100%").get() == value
        with tenant_atomic():
            Value.objects.filter(id=value.id).update(title="Changed")
            rows = send(
                insert(Value(title="Two", description="in one message")),
                select(Value, "title", id=value.id),
            )[1]
        assert rows == [("Changed",)]
    with use_tenant(right.context):
        assert not Value.objects.filter(id=value.id).exists()


def test_nothing_of_an_organization_stays(bounced: PgBouncer, cloned_database: str, left: World) -> None:
    with use_tenant(left.context):
        assert Value.objects.exists()
        with tenant_atomic():
            Value.objects.create(title="Calm", description="again")
    assert left_on_the_server(bounced, cloned_database) == {""}


def test_set_on_the_session_it_would_stay(pgbouncer: PgBouncer, cloned_database: str, left: World) -> None:
    """The setting switched off: what the test above looks for is then there."""
    with going_through(pgbouncer, cloned_database, per_transaction=False):
        with use_tenant(left.context):
            assert Value.objects.exists()
            assert left.organization.id.hex in left_on_the_server(pgbouncer, cloned_database)
    with psycopg.connect(pgbouncer.url(cloned_database), autocommit=True, prepare_threshold=None) as last:
        last.execute("DISCARD ALL")


def test_entering_costs_no_round_trip(bounced: PgBouncer, left: World, right: World) -> None:
    """One message for each statement, whichever organization it is for."""
    sent: list[str] = []
    real = psycopg.ClientCursor.execute

    def counted(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        sent.append(str(query))
        return real(self, query, params, **options)

    left_context, right_context = left.context, right.context
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.ClientCursor, "execute", counted)
        for context in (left_context, right_context, left_context):
            with use_tenant(context):
                Value.objects.count()
    assert len(sent) == 3
    assert all(text.startswith("SELECT set_config('search_path'") for text in sent)


def test_a_lost_savepoint_takes_the_entry_with_it(bounced: PgBouncer, left: World, right: World) -> None:
    with use_tenant(left.context), transaction.atomic():
        mine = Value.objects.count()
        with use_tenant(right.context), pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute("SELECT 1 / 0")
        assert {row.organization_id for row in Value.objects.all()} == {left.organization.id}
        assert Value.objects.count() == mine


def test_threads_behind_the_pooler(
    bounced: PgBouncer,
    ledger_of: Callable[..., Ledger],  # noqa: F811
) -> None:
    """In pools, schemas and databases of their own: two connections to the server for each database."""
    ledger = ledger_of(*EVERYWHERE)
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda seed: ledger.play(seed, keep=False), range(TRANSACTIONS * 3 // 16)))
    assert everything_had_its_turn(ledger) or not ENOUGH


def test_asyncio_tasks_behind_the_pooler(
    bounced: PgBouncer,
    ledger_of: Callable[..., Ledger],  # noqa: F811
) -> None:
    """Cancelled ones among them: what they left unfinished is not what the next one gets."""
    play_in_tasks(ledger_of(*EVERYWHERE), TRANSACTIONS // 16)


def test_the_cursor_is_what_enters(bounced: PgBouncer, left: World, monkeypatch: Any) -> None:
    """Switched off, a tenant's table is not even found."""
    monkeypatch.setattr(DatabaseWrapper, "to_enter", lambda self: None)
    with use_tenant(left.context), pytest.raises(DatabaseError):
        Value.objects.count()
    assert isinstance(connection.cursor().cursor, EnteringCursor)
