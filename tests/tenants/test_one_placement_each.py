"""A database without schemas is one placement's: not brought twice, never dropped for somebody else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from byoc.models import Endpoint
from byoc.services.databases import Address
from companions.models import Value
from humana.kernel.errors import Conflict
from tenants.context import use_tenant
from tenants.db import aliases, marker, replay
from tenants.db.dropping import drop_tables
from tenants.models import Isolation, PlacementJob
from tenants.owner import as_owner
from tenants.services.placing import moving
from tests.fixtures.organizations import World, build_world
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.mariadb import MariaDB
from tests.tenants.test_customers_servers import (  # noqa: F401
    _databases_of_their_own,
    brings,
    brought,
    moves_in,
    on_mariadb,
    one_role,
    two_roles,
    world,
)
from tests.tenants.test_moving import begun, until_over, window_passes, worked_on

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("counts what an organization brought, and would find where it lives"),
]
ON_MARIADB = pytest.mark.needs("mariadb")


def says(server: MariaDB, address: Address, *statements: str) -> list[Any]:
    """What the customer does in the database by itself; the rows of the last statement."""
    with closing(server.connect(address.database)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def tables_at(server: MariaDB, address: Address) -> set[str]:
    return {name for (name,) in says(server, address, "SHOW TABLES")}


@ON_MARIADB
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE django_migrations (id integer PRIMARY KEY)",
        "CREATE TABLE chats_chat (id integer PRIMARY KEY)",
        "CREATE TABLE theirs (id integer PRIMARY KEY)",
        "CREATE VIEW theirs AS SELECT 1 AS one",
    ],
)
def test_a_mariadb_that_is_not_empty_is_refused(
    world: World,  # noqa: F811
    on_mariadb: Address,  # noqa: F811
    mariadb: MariaDB,
    statement: str,
) -> None:
    says(mariadb, on_mariadb, statement)
    before = tables_at(mariadb, on_mariadb)
    with pytest.raises(Conflict, match="not empty") as refused:
        brings(world, on_mariadb)
    assert refused.value.code == "not_empty"
    assert tables_at(mariadb, on_mariadb) == before
    with use_tenant(world.context):
        assert not Endpoint.objects.filter(name="Our books").exists()


@ON_MARIADB
def test_what_was_put_there_after_it_joined_survives_the_move_and_its_end(
    world: World,  # noqa: F811
    on_mariadb: Address,  # noqa: F811
    mariadb: MariaDB,
) -> None:
    alias = brings(world, on_mariadb)
    says(mariadb, on_mariadb, "CREATE TABLE chats_chat (id integer PRIMARY KEY)")
    job = worked_on(begun(world, Isolation.DATABASE, database=alias))
    assert job.state == PlacementJob.State.FAILED, "at once: trying again is in vain"
    assert "not empty" in job.error
    until_over(moving.undo(job=job, later=False))
    assert tables_at(mariadb, on_mariadb) == {"chats_chat"}


def test_a_database_is_brought_once(
    world: World,  # noqa: F811
    brought: Address,  # noqa: F811
    cloned_database: str,
) -> None:
    neighbour = build_world(f"near-{uuid.uuid4().hex[:8]}")
    brings(world, brought)
    for who in (world, neighbour):
        with pytest.raises(Conflict, match="brought already") as refused:
            brings(who, replace(brought, host=brought.host.upper()))
        assert refused.value.code == "brought_already"
        assert world.slug not in str(refused.value)
        assert world.organization.name not in str(refused.value)
    with use_tenant(neighbour.context):
        assert not Endpoint.objects.filter(organization=neighbour.organization).exists()


@ON_MARIADB
def test_by_another_name_it_is_still_the_same_database(
    world: World,  # noqa: F811
    on_mariadb: Address,  # noqa: F811
    mariadb: MariaDB,
) -> None:
    """Both joined while it was empty; whoever moves in second is sent away, and drops nothing."""
    elsewhere = brings(world, replace(on_mariadb, host="localhost"))
    moves_in(world, on_mariadb)
    lives_there = world.organization.placement.database
    with use_tenant(world.organization.context):
        values = Value.objects.count()
    job = worked_on(begun(world, Isolation.DATABASE, database=elsewhere))
    assert job.state == PlacementJob.State.FAILED
    assert "not empty" in job.error
    until_over(moving.undo(job=job, later=False))
    world.organization.refresh_from_db()
    assert world.organization.placement.database == lives_there
    with use_tenant(world.organization.context):
        assert Value.objects.count() == values > 0
    window_passes(worked_on(begun(world, Isolation.ROW)))
    assert tables_at(mariadb, on_mariadb) == set(), "its own placement is cleared as ever"


def test_in_postgresql_two_placements_are_two_schemas(
    world: World,  # noqa: F811
    one_role: Address,  # noqa: F811
    customer_postgres: CustomerPostgres,
) -> None:
    """Whatever name leads there, and whatever the customer keeps beside them."""
    with customer_postgres.connect(one_role.database) as customer:
        customer.execute("CREATE TABLE django_migrations AS SELECT 1 AS theirs")
        moves_in(world, one_role)
        elsewhere = brings(world, replace(one_role, host="localhost"))
        there_and_here = worked_on(begun(world, Isolation.DATABASE, database=elsewhere))
        assert there_and_here.state == PlacementJob.State.DONE, there_and_here.error
        world.organization.refresh_from_db()
        window_passes(there_and_here)
        with use_tenant(world.organization.context):
            assert Value.objects.exists()
        window_passes(worked_on(begun(world, Isolation.ROW)))
        assert customer.execute("SELECT theirs FROM django_migrations").fetchall() == [(1,)]
        schemas = customer.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'o\\_%'").fetchall()
        assert schemas == []


@ON_MARIADB
def test_without_the_marker_the_neighbours_tables_would_be_dropped(
    world: World,  # noqa: F811
    on_mariadb: Address,  # noqa: F811
    mariadb: MariaDB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moves_in(world, on_mariadb)
    alias = world.organization.placement.database
    with use_tenant(world.organization.context), as_owner(alias):
        assert not drop_tables(connections[alias], uuid.uuid4())
        assert "chats_chat" in tables_at(mariadb, on_mariadb)
        monkeypatch.setattr(marker, "is_of", lambda connection, placement: True)  # the guard switched off
        assert drop_tables(connections[alias], uuid.uuid4())
    assert tables_at(mariadb, on_mariadb) == set()


@pytest.fixture
def in_a_file(tmp_path: Path) -> Iterator[Any]:
    """A database without schemas, past every organization."""
    from django.db.utils import load_backend

    wanted = aliases.complete({"ENGINE": "tenants.db.sqlite", "NAME": str(tmp_path / "books.sqlite3")})
    connection = load_backend(wanted["ENGINE"]).DatabaseWrapper(wanted, "books")
    yield connection
    connection.close()


def test_who_comes_first_has_the_database(in_a_file: Any) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    assert marker.claim(in_a_file, first), "nothing is made yet"
    with pytest.raises(Conflict):
        marker.claim(in_a_file, second)
    assert marker.claim(in_a_file, first), "cut off, it begins again"
    marker.finish(in_a_file, first)
    assert not marker.claim(in_a_file, first)
    assert not drop_tables(in_a_file, second)
    assert drop_tables(in_a_file, first)
    assert marker.claim(in_a_file, second), "the database is free again"


def test_cut_off_between_the_table_and_its_row_it_is_free(in_a_file: Any) -> None:
    with in_a_file.cursor() as cursor:
        cursor.execute(marker._MAKE)
    assert marker.claim(in_a_file, uuid.uuid4())


class Killed(BaseException):
    """The worker is gone; nothing of it catches anything."""


@ON_MARIADB
@pytest.mark.parametrize("statement", [3, 12, 25])
def test_a_worker_killed_among_the_tables_is_followed_by_another(
    world: World,  # noqa: F811
    on_mariadb: Address,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    statement: int,
) -> None:
    """MariaDB keeps what was made half-way: a table, before Django notes the migration."""
    from tenants.db.mysql.base import DatabaseSchemaEditor as Editor

    job = begun(world, Isolation.DATABASE, database=brings(world, on_mariadb))
    usual, left = Editor.execute, [statement]

    def killed(editor: Any, *told: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return usual(editor, *told, **options)

    monkeypatch.setattr(Editor, "execute", killed)
    with pytest.raises(Killed):
        worked_on(job)
    monkeypatch.setattr(Editor, "execute", usual)
    job = worked_on(job)
    assert job.state == PlacementJob.State.DONE, job.error
    world.organization.refresh_from_db()
    with use_tenant(world.organization.context):
        assert Value.objects.exists()
        monkeypatch.setattr(replay, "drop_half_made", None)  # nothing of a finished one is dropped
        replay.make_by_django(job.target_id, job.target.schema_name, alias=job.target.database)
        assert Value.objects.exists()
