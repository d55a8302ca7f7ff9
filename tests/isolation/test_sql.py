"""Every tenant-plane table, in SQL as the application's role: what holds when no Python does."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tenants.db.backend.base import ENTER
from tests.fixtures.organizations import World
from tests.isolation.cells import MODELS, references

Connection = psycopg.Connection[Any]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
UNCHANGEABLE = "permission denied for table"  # append-only tables refuse before looking at rows


def enter(connection: Connection, world: World | None) -> None:
    organization = world.organization.id.hex if world else ""
    connection.execute(ENTER, ('"pool_main", public', organization))


def table(model: type[Any]) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


def count(connection: Connection, model: type[Any], world: World) -> int:
    row = connection.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE organization_id = %s").format(table(model)),
        [world.organization.id],
    ).fetchone()
    assert row is not None
    return int(row[0])


def changed(connection: Connection, statement: str, model: type[Any], *values: Any) -> int:
    """How many rows the statement changed; none where the table is append-only."""
    try:
        with connection.transaction():
            return connection.execute(sql.SQL(statement).format(table(model)), values).rowcount
    except errors.InsufficientPrivilege as error:
        assert UNCHANGEABLE in str(error), error
        return 0


def copied(connection: Connection, model: type[Any], row_id: uuid.UUID, **other: Any) -> None:
    """INSERT a copy of a row one can see, with other values in some columns."""
    columns = [field.column for field in model._meta.concrete_fields]
    chosen = [sql.Literal(other[name]) if name in other else sql.Identifier(name) for name in columns]
    statement = sql.SQL("INSERT INTO {0} ({1}) SELECT {2} FROM {0} WHERE id = {3}").format(
        table(model),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(chosen),
        sql.Literal(row_id),
    )
    with connection.transaction():
        connection.execute(statement)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")


@every_model
def test_rows_are_seen_at_home(model: type[Any], left: World, app_sql: Connection) -> None:
    enter(app_sql, left)
    assert count(app_sql, model, left) >= 1


@every_model
def test_rows_are_not_seen_next_door(
    model: type[Any], left: World, right: World, app_sql: Connection
) -> None:
    enter(app_sql, right)
    assert count(app_sql, model, left) == 0
    assert count(app_sql, model, right) >= 1


@every_model
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET updated_at = now() WHERE id = %s", "DELETE FROM {} WHERE id = %s"]
)
def test_rows_are_not_changed_from_next_door(
    model: type[Any], statement: str, left: World, right: World, app_sql: Connection
) -> None:
    enter(app_sql, right)
    assert changed(app_sql, statement, model, left.row(model).pk) == 0


@every_model
def test_rows_are_not_given_to_next_door(
    model: type[Any], left: World, right: World, app_sql: Connection
) -> None:
    enter(app_sql, right)
    with pytest.raises(errors.InsufficientPrivilege):
        copied(app_sql, model, right.row(model).pk, id=uuid.uuid4(), organization_id=left.organization.id)
    with pytest.raises(errors.InsufficientPrivilege), app_sql.transaction():
        app_sql.execute(
            sql.SQL("UPDATE {} SET organization_id = %s").format(table(model)), [left.organization.id]
        )


@every_model
def test_no_reference_leads_next_door(
    model: type[Any], left: World, right: World, app_sql: Connection
) -> None:
    """Checks of references pass over row-level security; the composite key is what refuses."""
    enter(app_sql, right)
    for name, target in references(model):
        theirs = {f"{name}_id": left.row(target).pk}
        with pytest.raises((errors.ForeignKeyViolation, errors.UniqueViolation)) as refusal:
            copied(app_sql, model, right.row(model).pk, id=uuid.uuid4(), **theirs)
        if isinstance(refusal.value, errors.UniqueViolation):  # one row per message and the like
            with pytest.raises(errors.ForeignKeyViolation), app_sql.transaction():
                statement = sql.SQL("UPDATE {} SET {} = %s").format(
                    table(model), sql.Identifier(f"{name}_id")
                )
                app_sql.execute(statement, [left.row(target).pk])
                app_sql.execute("SET CONSTRAINTS ALL IMMEDIATE")


@every_model
def test_without_an_organization_there_are_no_rows(
    model: type[Any], left: World, app_sql: Connection
) -> None:
    enter(app_sql, left)
    enter(app_sql, None)
    assert count(app_sql, model, left) == 0
    assert changed(app_sql, "DELETE FROM {}", model) == 0


@every_model
def test_without_a_schema_there_is_no_table(model: type[Any], left: World, app_sql: Connection) -> None:
    app_sql.execute(ENTER, ("public", left.organization.id.hex))
    with pytest.raises(errors.UndefinedTable):
        count(app_sql, model, left)


LIFTING = (
    "TRUNCATE {}",
    "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY organization_isolation ON {}",
    "CREATE POLICY all_rows ON {} USING (true)",
)


@every_model
def test_the_application_cannot_lift_its_own_guard(
    model: type[Any], right: World, app_sql: Connection
) -> None:
    enter(app_sql, right)
    for statement in LIFTING:
        with pytest.raises(errors.InsufficientPrivilege), app_sql.transaction():
            app_sql.execute(sql.SQL(statement).format(table(model)))


@every_model
def test_copying_out_a_table_gives_ones_own_rows(
    model: type[Any], left: World, right: World, app_sql: Connection
) -> None:
    enter(app_sql, right)
    with app_sql.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table(model))) as copy:
        text = b"".join(bytes(block) for block in copy).decode()
    assert str(right.organization.id) in text
    assert str(left.organization.id) not in text


@pytest.mark.parametrize(
    "statement",
    [
        "SET row_security = off; SELECT count(*) FROM chats_chat",
        "SET ROLE humana_owner",
        "SET SESSION AUTHORIZATION humana_owner",
        "CREATE TABLE pool_main.mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION pool_main.peek() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW pool_main.peek AS SELECT * FROM chats_chat",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT lo_import('/etc/hostname')",
        "COPY chats_chat TO PROGRAM 'cat'",
    ],
)
def test_the_application_is_no_administrator(statement: str, right: World, app_sql: Connection) -> None:
    enter(app_sql, right)
    with pytest.raises((errors.InsufficientPrivilege, errors.InvalidParameterValue)):
        app_sql.execute(statement)
