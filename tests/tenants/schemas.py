"""Schemas as PostgreSQL's catalogue describes them, and migrations written for a test."""

from __future__ import annotations

import importlib
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from django.test import override_settings
from psycopg import sql

from tenants.owner import owner_connection

FACTS = {
    "columns": """
        SELECT c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl::text, a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid), pg_get_userbyid(c.relowner)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'S', 'v')
        ORDER BY c.relname, a.attnum""",
    "indexes": """
        SELECT replace(indexdef, quote_ident(schemaname) || '.', '') FROM pg_indexes
        WHERE schemaname::regnamespace = %(schema)s::regnamespace ORDER BY indexname""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated,
               pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace ORDER BY conname""",
    "policies": """
        SELECT c.relname, p.polname, p.polcmd, p.polroles, pg_get_expr(p.polqual, p.polrelid),
               pg_get_expr(p.polwithcheck, p.polrelid)
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
        WHERE c.relnamespace = %(schema)s::regnamespace ORDER BY c.relname, p.polname""",
    "schema": "SELECT nspacl::text, pg_get_userbyid(nspowner) FROM pg_namespace"
    " WHERE oid = %(schema)s::regnamespace",
}


def facts(connection: psycopg.Connection[Any], schema: str) -> dict[str, list[Any]]:
    """Everything that makes a schema what it is, without its name."""
    name = sql.Identifier(schema)
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL search_path = {}").format(name))
        found = {
            what: connection.execute(query, {"schema": name.as_string(connection)}).fetchall()
            for what, query in FACTS.items()
        }
        found["migrations"] = connection.execute(
            "SELECT app, name FROM django_migrations ORDER BY 1, 2"
        ).fetchall()
    return found


def tables(connection: psycopg.Connection[Any], schema: str) -> set[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
    return {name for (name,) in rows}


def drop(connection: psycopg.Connection[Any], *schemas: str) -> None:
    for schema in schemas:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


@contextmanager
def held(statement: str) -> Iterator[None]:
    """Somebody else's transaction, which keeps what the statement locked until the end of the block."""
    with owner_connection() as other, other.transaction():
        other.execute(statement.encode())
        yield


LATER = """
from importlib import import_module

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from tenants.db.operations import RunPerOrganization

FIRST = import_module("companions.migrations.0001_initial").Migration


class PastTheEditor(Operation):
    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, editor, before, after):
        with editor.connection.cursor() as cursor:
            cursor.execute("ALTER TABLE companions_value ADD COLUMN unheard integer")


class Migration(migrations.Migration):
    dependencies = [("companions", "{before}")]
    operations = [{operations}]
    {attributes}
"""

#: Where the code's own migrations of `companions` are.
TODAY = Path(__file__).parents[2] / "companions" / "migrations"
ADD_FIELD = "migrations.AddField('value', 'weight', models.IntegerField(default=7))"


@contextmanager
def next_release(*operations: str, attributes: str = "") -> Iterator[None]:
    """As if the code on disk had more migrations of `companions`, each with one of `operations`."""
    with TemporaryDirectory() as folder:
        package = f"next_{uuid.uuid4().hex}"
        home = Path(folder, package)
        home.mkdir()
        (home / "__init__.py").touch()
        today = sorted(one.stem for one in TODAY.glob("0*.py"))
        for name in today:
            (home / f"{name}.py").write_text(
                "from importlib import import_module\n"
                f"Migration = import_module('companions.migrations.{name}').Migration\n"
            )
        before = today[-1]
        for number, text in enumerate(operations, len(today) + 1):
            name = f"{number:04}_{package[5:13]}"  # scripts are cached by names
            body = LATER.format(before=before, operations=text, attributes=attributes)
            (home / f"{name}.py").write_text(body)
            before = name
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            with override_settings(MIGRATION_MODULES={"companions": package}):
                yield
        finally:
            sys.path.remove(folder)
            for name in [one for one in sys.modules if one.startswith(package)]:
                del sys.modules[name]
