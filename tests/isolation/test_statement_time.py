"""In a database of its own an organization says how long one statement may take, and nobody else hears it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connections

from chats.models import Chat
from humana.kernel.errors import Unavailable
from tenants.config.snapshot import snapshot
from tenants.config_keys import STATEMENT_SECONDS
from tenants.context import use_tenant, without_tenant
from tenants.db.refusals import refusing
from tenants.owner import as_owner
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World
from tests.isolation.test_connection import messages
from tests.isolation.test_pgbouncer import bounced, going_through  # noqa: F401
from tests.isolation.worlds import in_these_pairs
from tests.peers.pgbouncer import PgBouncer
from tests.tenants.test_config_effects import say

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql_only("about statement_timeout; what MariaDB does is said in its own test"),
]
in_databases_of_their_own = pytest.mark.parametrize(
    "look_alikes", [("database", "database")], indirect=True, ids=" ".join
)


@pytest.fixture(autouse=True)
def _as_it_was(look_alikes: object, left: World) -> Iterator[None]:
    snapshot.forget()
    yield
    say(left, STATEMENT_SECONDS, 60)


def asked(world: World, text: str) -> Any:
    with connections[world.context.placement.alias].cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchone()[0]


def allowed(world: World) -> str:
    return str(asked(world, "SELECT current_setting('statement_timeout')"))


@in_databases_of_their_own
def test_a_statement_is_ended_when_the_organization_says(left: World, right: World) -> None:
    say(left, STATEMENT_SECONDS, 1)
    alias = left.context.placement.alias
    with use_tenant(left.context):
        with pytest.raises(OperationalError, match="statement timeout"):
            asked(left, "SELECT pg_sleep(20)")
        with pytest.raises(Unavailable) as refusal, refusing(alias):
            asked(left, "SELECT pg_sleep(20)")
        assert refusal.value.code == "statement_took_too_long"
        with tenant_atomic():
            assert allowed(left) == "1s"
    with use_tenant(right.context):
        assert allowed(right) == "1min"
    say(left, STATEMENT_SECONDS, 2)
    with use_tenant(left.context):
        assert allowed(left) == "2s"


@in_databases_of_their_own
def test_it_costs_no_message_and_is_not_left_behind(left: World) -> None:
    say(left, STATEMENT_SECONDS, 7)
    with use_tenant(left.context):
        connection = connections[left.context.placement.alias]
        connection.ensure_connection()
        usual = connection.connection.execute("SHOW statement_timeout").fetchone()
        assert messages(Chat.objects.count, connection) == 1
        assert allowed(left) == "7s"
        with without_tenant(reason="a test"):
            assert allowed(left) == usual[0]
        assert allowed(left) == "7s"
        with pytest.raises(ZeroDivisionError), tenant_atomic():
            say(left, STATEMENT_SECONDS, 9)
            assert allowed(left) == "9s"
            raise ZeroDivisionError
        assert allowed(left) == "9s"
        raw, pool = connection.connection, connection.pool
    ends = time.monotonic() + 10
    while raw not in pool._pool:  # its workers clear it meanwhile
        assert time.monotonic() < ends, "the connection never came back"
        time.sleep(0.01)
    assert raw.execute("SHOW statement_timeout").fetchone() == usual


@in_databases_of_their_own
def test_what_humana_does_there_itself_takes_its_time(left: World) -> None:
    say(left, STATEMENT_SECONDS, 1)
    with use_tenant(left.context), as_owner(left.context.placement.alias):
        assert allowed(left) == "0"
        asked(left, "SELECT pg_sleep(1.5)")


@pytest.mark.needs("pgbouncer")
@in_databases_of_their_own
def test_behind_a_pooler_it_holds_for_the_statement_alone(
    bounced: PgBouncer,  # noqa: F811
    left: World,
    right: World,
) -> None:
    say(left, STATEMENT_SECONDS, 1)
    for _ in range(4):
        with use_tenant(left.context):
            assert allowed(left) == "1s"
            with pytest.raises(DatabaseError), tenant_atomic():
                asked(left, "SELECT pg_sleep(20)")
        with use_tenant(right.context):
            assert allowed(right) == "1min"
        with without_tenant(reason="a test"):
            assert allowed(left) == "0"


@in_these_pairs("seconds", [(1, ("row", "row"))])
def test_in_humanas_own_database_it_is_humana_who_says(left: World, seconds: int) -> None:
    say(left, STATEMENT_SECONDS, seconds)
    with use_tenant(left.context):
        assert allowed(left) == "0"
