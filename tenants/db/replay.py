"""Bringing schemas up to date by replaying a script (see `scripts`), one short transaction each.

Everything here works on the owner's connection, in autocommit (`tenants.owner.owner_connection`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from tenants.db import marker
from tenants.db.backend.bounded import be_patient
from tenants.db.dropping import drop_half_made
from tenants.db.scripts import NOTHING, Name, Script, State, latest, script
from tenants.owner import app_role, as_owner
from tenants.routing import TENANT_PLANE, in_tenant_plane

#: How long a replay waits for a lock before it gives way to the people at work, in milliseconds.
LOCK_TIMEOUT_MS = 2000
#: How many schemas are read by one statement.
BATCH = 50

_MIGRATED = (
    "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relname = 'django_migrations' AND n.nspname = ANY(%s)"
)
_APPLIED = "SELECT {name}, app, name FROM {schema}.django_migrations WHERE app = ANY({apps})"

#: A session that hangs must not be waited for, and two runs at once must not do the same.
_BEGIN = (
    "BEGIN; SET LOCAL lock_timeout = {patience}; SELECT pg_advisory_xact_lock(hashtextextended({name}, 7));"
)
_MAKE = " CREATE SCHEMA IF NOT EXISTS {schema}; GRANT USAGE ON SCHEMA {schema} TO {role};"
_ENTER = (
    " SELECT {name}::regnamespace; SET LOCAL search_path = {schema}, public;"
    " SET LOCAL humana.app_role = {granted};"
)


def applied(connection: psycopg.Connection[Any], schemas: Sequence[str]) -> dict[str, State]:
    """The migrations of the tenant plane in each schema. One that is missing or new has none."""
    found: dict[str, set[Name]] = {schema: set() for schema in schemas}
    migrated = [name for (name,) in connection.execute(_MIGRATED, [list(schemas)])]
    for start in range(0, len(migrated), BATCH):
        for schema, app, name in connection.execute(_applied_in(migrated[start : start + BATCH])):
            found[schema].add((app, name))
    return {schema: frozenset(names) for schema, names in found.items()}


def replay(
    connection: psycopg.Connection[Any],
    schema: str,
    script: Script,
    *,
    alias: str = DEFAULT_DB_ALIAS,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
) -> None:
    """Run a script in one schema of that database: one message, one transaction, all or nothing.

    Raises psycopg's LockNotAvailable when somebody holds a table for longer than that, and
    InvalidSchemaName when there is no such schema: nothing may fall through to `public`.
    """
    _send(connection, schema, script.text, role=app_role(alias), lock_timeout_ms=lock_timeout_ms)


def create_schema(
    connection: psycopg.Connection[Any],
    schema: str,
    *,
    alias: str = DEFAULT_DB_ALIAS,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
) -> bool:
    """Make the schema with all its tables, at once or not at all; False if it has some already.

    `alias` is the database that `connection` is connected to: where the migrations cannot be
    replayed, Django runs them there, and a run that was cut off is continued by the next one.
    """
    if applied(connection, [schema])[schema]:
        return False
    made = script(NOTHING)
    text = made.text if made else ""
    try:
        _send(connection, schema, text, role=app_role(alias), lock_timeout_ms=lock_timeout_ms, make=True)
    except psycopg.errors.DuplicateTable:
        if not applied(connection, [schema])[schema]:
            raise
        return False  # somebody else was quicker
    if made is None:
        migrate_by_django(schema, alias=alias, lock_timeout_ms=lock_timeout_ms)
    return True


def migrate_by_django(
    schema: str, *, alias: str = DEFAULT_DB_ALIAS, lock_timeout_ms: int = LOCK_TIMEOUT_MS
) -> None:
    """Migrate one schema the long way, migration by migration, on a connection of its own."""
    with as_owner(alias):
        connection = connections[alias]
        if connection.vendor == "postgresql":
            _enter(connection, schema, lock_timeout_ms)
        executor = MigrationExecutor(connection)
        executor.migrate(latest(executor))


def make_by_django(placement_id: uuid.UUID, schema: str, *, alias: str) -> None:
    """Every table, in a database that is this placement's alone: see `marker`.

    There a statement that makes a table is no part of a transaction, so what was cut off half-way can
    neither be undone nor gone on with. No row is in it yet: it begins again from nothing.
    """
    with as_owner(alias):
        if marker.claim(connections[alias], placement_id):
            drop_half_made(connections[alias])
    migrate_by_django(schema, alias=alias)
    with as_owner(alias):
        marker.finish(connections[alias], placement_id)


def applied_by_django(alias: str) -> State:
    """As `applied`, for a database that holds one placement and is not PostgreSQL."""
    with as_owner(alias):
        known = MigrationRecorder(connections[alias]).applied_migrations()
    return frozenset(key for key in known if in_tenant_plane(key[0]))


def _enter(connection: Any, schema: str, lock_timeout_ms: int) -> None:
    """Raises where there is no such schema: Django would go on in `public`."""
    name = sql.Identifier(schema).as_string(None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s::regnamespace, set_config('lock_timeout', %s, false),"
            " set_config('humana.app_role', %s, false)",
            [name, f"{lock_timeout_ms}ms", app_role(connection.alias)],
        )
    connection.set_schema(schema)


def _send(
    connection: psycopg.Connection[Any],
    schema: str,
    text: str,
    *,
    role: str,
    lock_timeout_ms: int,
    make: bool = False,
) -> None:
    """The script as one message, for that role to work with; with `make` the schema is made first."""
    names = {
        "patience": sql.Literal(f"{lock_timeout_ms}ms"),
        "name": sql.Literal(sql.Identifier(schema).as_string(connection)),
        "schema": sql.Identifier(schema),
        "role": sql.Identifier(role),
        "granted": sql.Literal(role),
    }
    before = sql.SQL(_BEGIN + (_MAKE if make else "") + _ENTER).format(**names).as_string(connection)
    try:
        be_patient(connection)
        connection.execute(f"{before}\n{text}\n; COMMIT".encode())
    except psycopg.Error:
        if not connection.closed:
            connection.rollback()
        raise


def _applied_in(schemas: Iterable[str]) -> sql.Composed:
    apps = sql.Literal(sorted(TENANT_PLANE))
    return sql.SQL(" UNION ALL ").join(
        sql.SQL(_APPLIED).format(name=sql.Literal(schema), schema=sql.Identifier(schema), apps=apps)
        for schema in schemas
    )
