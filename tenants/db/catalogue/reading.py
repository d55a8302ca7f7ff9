"""What is expected of a schema, and how pg_catalog is asked about it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import Model
from psycopg.rows import tuple_row

from tenants.db.catalogue import sql
from tenants.db.operations import IsolateTables, RefuseStrangers
from tenants.routing import TENANT_PLANE

Connection = psycopg.Connection[Any]
Done = TypeVar("Done", bound=Operation)

#: The one table of a schema that holds no rows of organizations.
BOOKKEEPING = "django_migrations"


@dataclass(frozen=True)
class Expected:
    """A schema and its roles, by name. `app` is `owner` where a customer gave one role only."""

    schema: str
    owner: str
    app: str


Rule = Callable[[Connection, Expected], list[str]]


#: The oids of what is in each schema, found once within `undisturbed`.
_relations: ContextVar[dict[str, list[int]]] = ContextVar("humana_relations")


@contextmanager
def undisturbed(connection: Connection) -> Iterator[None]:
    """A transaction that leaves nothing, in which every name that is not PostgreSQL's own is told
    with its schema: a look-alike of a function in `public` does not pass for the real one."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path = pg_catalog")
        token = _relations.set({})
        try:
            yield
        finally:
            _relations.reset(token)


def rows(connection: Connection, query: str, **values: str) -> list[tuple[Any, ...]]:
    known = {"relations": _in_schema(connection, values["schema"])} if "schema" in values else {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, {**values, **known}).fetchall()


def _in_schema(connection: Connection, schema: str) -> list[int]:
    found = _relations.get({})
    if schema not in found:
        found[schema] = [oid for (oid,) in connection.execute(sql.RELATIONS, {"schema": schema})]
    return found[schema]


def names(connection: Connection, query: str, **values: str) -> list[str]:
    """The only column of each row."""
    return [name for (name,) in rows(connection, query, **values)]


def tables(connection: Connection, schema: str) -> set[str]:
    return set(names(connection, sql.TABLES, schema=schema))


def tenant_models() -> dict[str, type[Model]]:
    """Every model of the tenant plane, by its table."""
    models = [model for label in sorted(TENANT_PLANE) for model in apps.get_app_config(label).get_models()]
    return {model._meta.db_table: model for model in models}


@functools.cache
def append_only() -> frozenset[str]:
    """Tables in which the application may insert and read rows, never change them: as migrations say."""
    done = _done(IsolateTables)
    return frozenset(_table(label, name) for label, one in done for name in one.append_only)


@functools.cache
def without_strangers() -> dict[str, dict[str, tuple[str, ...]]]:
    """Tables whose rows may name no member and no team of another organization, and in which columns."""
    return {_table(label, one.model_name): one.named for label, one in _done(RefuseStrangers)}


def _done(kind: type[Done]) -> list[tuple[str, Done]]:
    """Operations of migrations on disk, each with its app; in each app the older ones first."""
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return [
        (one.app_label, operation)
        for _key, one in sorted(known.items())
        for operation in one.operations
        if isinstance(operation, kind)
    ]


def _table(app_label: str, model_name: str) -> str:
    return str(apps.get_model(app_label, model_name)._meta.db_table)


def tokens(expression: str | None) -> list[str]:
    """An expression without what versions of PostgreSQL deparse differently.

    Left out are blanks, parentheses, the name of the inner SELECT's column, and casts of literals
    to text.
    """
    bare = re.sub(r"""(?<=')::text\b|\sAS\s"?\w+"?(?=\s*\))""", "", expression or "")
    return re.findall(r"'[^']*'|[\w.\"]+|[^\s()]", bare)
