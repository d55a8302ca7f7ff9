"""Every tenant-plane table × every statement × every pair of placements, as the application's role."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors, sql

from tests.fixtures.organizations import World
from tests.fixtures.rows import CONTROL_MAKERS
from tests.isolation.cells import MODELS
from tests.isolation.conftest import At
from tests.isolation.sql_cells import ALONE, CROSSING, Connection, SqlCase, enter, refused, sql_leak
from tests.isolation.worlds import (
    Pair,
    app_connection,
    every_isolation,
    every_pair,
    every_pair_both_ways,
    in_public,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql_only("SQL past Django is held by row-level security"),
]


@every_pair_both_ways
@pytest.mark.parametrize("cell", CROSSING)
def test_nothing_crosses(cell: str, left: World, right: World, app_at: At) -> None:
    found = {one._meta.db_table: sql_leak(cell, SqlCase(one, right, left, app_at)) for one in MODELS}
    assert {table: problem for table, problem in found.items() if problem} == {}


@every_isolation
@pytest.mark.parametrize("cell", ALONE)
def test_each_placement_holds_by_itself(cell: str, left: World, right: World, app_at: At) -> None:
    found = {one._meta.db_table: sql_leak(cell, SqlCase(one, right, left, app_at)) for one in MODELS}
    assert {table: problem for table, problem in found.items() if problem} == {}


# --- the tables of the control plane that belong to organizations -------------------------------

#: Cells that mean nothing in `public`, and why.
NOT_IN_PUBLIC = {
    "no_table_without_a_schema": "that is where these tables are",
    "guards_are_not_lifted": "said below of every table there",
}


def test_every_table_with_a_policy_in_public_is_in_the_matrix(left: World, app_sql: Connection) -> None:
    named = app_sql.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity"
    )
    assert {name for (name,) in named} == {model._meta.db_table for model in CONTROL_MAKERS}
    assert {model for model in CONTROL_MAKERS if model not in left.rows} == set()


@every_pair
@pytest.mark.parametrize("cell", [one for one in [*CROSSING, *ALONE] if one not in NOT_IN_PUBLIC])
def test_nothing_crosses_in_the_control_plane(cell: str, left: World, right: World, app_at: At) -> None:
    here, there = in_public(right), in_public(left)
    found = {one._meta.db_table: sql_leak(cell, SqlCase(one, here, there, app_at)) for one in CONTROL_MAKERS}
    assert {table: problem for table, problem in found.items() if problem} == {}


LIFTED = [
    "TRUNCATE {}",
    "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {} ADD COLUMN more int",
    "DROP TABLE {}",
]


def test_the_application_changes_no_table_of_the_control_plane(left: World, app_sql: Connection) -> None:
    """Those that are open before a context exists too."""
    named = app_sql.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    ).fetchall()
    assert len(named) > len(CONTROL_MAKERS)
    for (name,) in named:
        for statement in LIFTED:
            with refused(app_sql, errors.InsufficientPrivilege):
                app_sql.execute(sql.SQL(statement).format(sql.Identifier("public", name)))


def test_another_database_is_not_reached_in_a_statement(worlds: dict[Pair, World]) -> None:
    """There is no name for it: neither a wrapper nor a link is installed."""
    with app_connection(worlds["database", "left"]) as connection:
        installed = connection.execute("SELECT extname FROM pg_extension").fetchall()
        assert not {"dblink", "postgres_fdw", "file_fdw"} & {name for (name,) in installed}
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute("SELECT 1 FROM other_database.pool_main.chats_chat")


@every_isolation
@pytest.mark.parametrize(
    "statement",
    [
        "SET row_security = off; SELECT count(*) FROM chats_chat",
        "SET ROLE humana_owner",
        "SET SESSION AUTHORIZATION humana_owner",
        "CREATE TABLE {schema}.mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION {schema}.peek() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW {schema}.peek AS SELECT * FROM chats_chat",
        "CREATE EXTENSION dblink",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT lo_import('/etc/hostname')",
        "COPY chats_chat TO PROGRAM 'cat'",
    ],
)
def test_the_application_is_no_administrator(statement: str, right: World, app_sql: Connection) -> None:
    enter(app_sql, right)
    with pytest.raises((errors.InsufficientPrivilege, errors.InvalidParameterValue)):
        app_sql.execute(statement.format(schema=right.placement.schema).encode())
