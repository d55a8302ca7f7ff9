"""Migrations of the tenant plane as SQL: planned once for all schemas that have the same ones applied.

Django's schema editor writes down what it would execute; the text names no schema, so it can be
replayed in any. Most migrations need no table for that. Where one has to look at tables (to find the
name of a constraint, say) or is SQL by hand, which is worth a trial, Django runs all of them in a
scratch schema, as the owner, inside a transaction that is rolled back. Planning touches nobody's
tables and sees nobody's rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations import RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from psycopg import sql

from tenants.context import without_tenant
from tenants.db.backend.schema import recording
from tenants.db.operations import RunPerOrganization
from tenants.owner import as_owner
from tenants.routing import TENANT_PLANE, in_tenant_plane

#: A migration: its app and its name.
Name = tuple[str, str]
#: The migrations of the tenant plane that a schema has.
State = frozenset[Name]
NOTHING: State = frozenset()

NOTE = (
    "INSERT INTO django_migrations (app, name, applied) "
    "SELECT app, name, now() FROM (VALUES {}) AS made (app, name) "
    "WHERE NOT EXISTS (SELECT FROM django_migrations AS known "
    "WHERE known.app = made.app AND known.name = made.name)"
)


@dataclass(frozen=True, slots=True)
class Script:
    """Statements that lead from one state to `wanted()`, and the migrations they make."""

    text: str
    migrations: tuple[Name, ...]


def wanted() -> State:
    """Every migration of the tenant plane on disk. Read once per process."""
    return _on_disk(tuple(sorted(settings.MIGRATION_MODULES.items())))


def digest() -> str:
    """A stable name of `wanted()`, in hexadecimal."""
    return sha256("\n".join(f"{app}.{name}" for app, name in sorted(wanted())).encode()).hexdigest()


def script(state: State) -> Script | None:
    """The way from `state` to `wanted()`; planned once per process.

    None where it has to be gone by Django, schema by schema: a pending migration runs Python on
    rows or outside a transaction, or `state` holds migrations that are not on disk. In an empty
    schema RunPerOrganization has nobody to visit, so it does not count.
    """
    return _script(digest(), state)


def latest(executor: MigrationExecutor) -> list[Name]:
    """The targets that bring a schema up to date."""
    return [leaf for leaf in executor.loader.graph.leaf_nodes() if in_tenant_plane(leaf[0])]


@lru_cache(maxsize=16)
def _on_disk(modules: tuple[tuple[str, str | None], ...]) -> State:
    return frozenset(key for key in MigrationLoader(None).disk_migrations if in_tenant_plane(key[0]))


@lru_cache(maxsize=64)
def _script(wanted_digest: str, state: State) -> Script | None:
    if not state <= wanted():
        return None
    with _scratch() as (connection, schema):
        try:
            made = _foretell(connection, state)
        except _NeedsTables:
            _rebuild(connection, state)
            made = _record(connection, empty=not state)
        return None if made is None or schema in made.text else made


@contextmanager
def _scratch() -> Iterator[tuple[Any, str]]:
    """The owner's connection, in an empty schema that is gone afterwards."""
    schema = f"scratch_{uuid.uuid4().hex}"
    with without_tenant(reason="a plan is nobody's"), as_owner(), transaction.atomic():
        connection: Any = connections[DEFAULT_DB_ALIAS]
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        connection.set_schema(schema)
        try:
            yield connection, schema
        finally:
            transaction.set_rollback(True)


class _NeedsTables(Exception):
    """What a migration does cannot be told without the tables it is to be done to."""


def _foretell(connection: Any, state: State) -> Script | None:
    """Write down what is pending without running it; None when it cannot be replayed."""
    executor = MigrationExecutor(connection)
    loader: Any = executor.loader
    if not state <= loader.graph.nodes.keys():
        raise _NeedsTables  # what was applied has been squashed since
    before = {key for name in state for key in loader.graph.forwards_plan(name)}
    if {key for key in before if in_tenant_plane(key[0])} != state:
        raise _NeedsTables  # something was applied out of turn
    loader.applied_migrations = {key: loader.graph.nodes[key] for key in before}
    plan = executor.migration_plan(latest(executor))
    if not all(_replayable(migration, empty=not state) for migration, _ in plan):
        return None
    if any(migration.replaces or _by_hand(migration) for migration, _ in plan):
        raise _NeedsTables
    project = loader.project_state(sorted(before))
    project.apps  # noqa: B018  rendered once, then only what changes
    with recording(run=False) as tape, connection.execute_wrapper(_nothing_is_asked):
        if not state:
            with connection.schema_editor() as editor:
                editor.create_model(executor.recorder.Migration)
        for migration, _ in plan:
            with connection.schema_editor() as editor:
                project = migration.apply(project, editor)
    made = tuple(sorted((migration.app_label, migration.name) for migration, _ in plan))
    return Script("\n;\n".join([*tape, _note(made)]), made)


def _nothing_is_asked(execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
    if not str(statement).startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO")):
        raise _NeedsTables
    return execute(statement, params, many, context)


def _rebuild(connection: Any, state: State) -> None:
    """Bring the scratch schema to `state`: its tables, and exactly its rows of django_migrations."""
    if not state:
        return
    executor = MigrationExecutor(connection)
    loader: Any = executor.loader
    loader.replace_migrations = False
    loader.build_graph()
    disk = loader.disk_migrations
    executor.migrate([key for key in sorted(state) if not _stands_for_others(disk[key], state)])
    present = frozenset(key for key in _rows(connection) if in_tenant_plane(key[0]))
    for app, name in present - state:
        executor.recorder.record_unapplied(app, name)
    for app, name in state - present:
        executor.recorder.record_applied(app, name)


def _stands_for_others(migration: Migration, state: State) -> bool:
    return bool(migration.replaces) and set(migration.replaces) <= state


def _record(connection: Any, *, empty: bool) -> Script | None:
    """Run what is pending and write it down; None when it cannot be."""
    executor = MigrationExecutor(connection)
    targets = latest(executor)
    plan = executor.migration_plan(targets)
    if not all(_replayable(migration, empty=empty) for migration, _ in plan):
        return None
    before = NOTHING if empty else _rows(connection)
    with recording() as tape:
        listener = _Listener(tape)
        with connection.execute_wrapper(listener):
            executor.migrate(targets, plan=plan)
    made = tuple(sorted(_rows(connection) - before))
    return None if listener.missed else Script("\n;\n".join([*tape, _note(made)]), made)


class _Listener:
    """Notices whoever writes past the schema editor: that would be missing from the script."""

    HARMLESS = ("SELECT", "SHOW", "SET ", "SAVEPOINT", "RELEASE", 'INSERT INTO "django_migrations"')

    def __init__(self, tape: list[str]) -> None:
        self.tape = tape
        self.missed = False

    def __call__(self, execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(statement).strip()
        if not text.startswith(self.HARMLESS) and text not in self.tape[-1:]:
            self.missed = True
        return execute(statement, params, many, context)


def _replayable(migration: Migration, *, empty: bool) -> bool:
    """Migrations of the control plane do nothing in a schema of the tenant plane."""
    if migration.app_label not in TENANT_PLANE:
        return True
    return migration.atomic and all(
        one.reduces_to_sql or (empty and isinstance(one, RunPerOrganization))
        for one in _parts(migration.operations)
    )


def _by_hand(migration: Migration) -> bool:
    return any(isinstance(one, RunSQL) for one in _parts(migration.operations))


def _parts(operations: Iterable[Operation]) -> Iterator[Operation]:
    """What is done to the database."""
    for one in operations:
        if isinstance(one, SeparateDatabaseAndState):
            yield from _parts(one.database_operations)
        else:
            yield one


def _rows(connection: Any) -> State:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return frozenset(cursor.fetchall())


def _note(migrations: tuple[Name, ...]) -> str:
    """Write them down as applied; a schema that Django migrated may know some of them already."""
    rows = sql.SQL(", ").join(sql.SQL("({}, {})").format(app, name) for app, name in migrations)
    return sql.SQL(NOTE).format(rows).as_string() if migrations else ""
