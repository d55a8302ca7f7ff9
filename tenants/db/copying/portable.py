"""Sides of different engines: rows leave as Python values, and digests are made here.

Slower than two PostgreSQL among themselves; the same for every pair.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connections, models
from django.db.utils import load_backend
from psycopg import sql
from psycopg.types.json import Jsonb

from tenants.context import TenantContext, use_tenant
from tenants.db.aliases import INSTEAD
from tenants.db.copying.encoding import Row, buckets_of, digest_of
from tenants.db.copying.postgres import PostgresSide, written
from tenants.db.copying.sides import Buckets, Side, Slice
from tenants.db.copying.tables import Table
from tenants.fields import ProtectedTextField
from tenants.owner import owner_settings

#: Rows in one message.
CHUNK = 500


def opened(context: TenantContext) -> Side:
    with use_tenant(context):
        vendor = connections[context.placement.alias].vendor
    return PortablePostgres.open(context) if vendor == "postgresql" else DjangoSide.open(context)


class _Portable:
    """Digests made here, over what `values` gives."""

    values: Callable[[Table, Slice], Iterator[Row]]

    def buckets(
        self, table: Table, bounds: Sequence[uuid.UUID], only: Sequence[int] | None = None
    ) -> Buckets:
        return buckets_of(table, self._in(table, bounds, only), bounds)

    def marks(self, table: Table, bounds: Sequence[uuid.UUID]) -> dict[int, Decimal]:
        """None: everything is read anew in each round."""
        return {}

    def rows(self, table: Table, bounds: Sequence[uuid.UUID], only: Sequence[int]) -> dict[uuid.UUID, bytes]:
        key = table.columns.index("id")
        return {row[key]: digest_of(table, row) for row in self._in(table, bounds, only)}

    def _in(self, table: Table, bounds: Sequence[uuid.UUID], only: Sequence[int] | None) -> Iterator[Row]:
        if only is None:
            return self.values(table, Slice())
        key, wanted = table.columns.index("id"), set(only)
        span = Slice.between(bounds, min(only), max(only))
        return (row for row in self.values(table, span) if bisect_right(bounds, row[key]) in wanted)


class PortablePostgres(_Portable, PostgresSide):
    """PostgreSQL, beside an engine that cannot make its digests."""

    def values(self, table: Table, part: Slice) -> Iterator[Row]:
        with self.connection.cursor(name="carried") as cursor:
            cursor.itersize = CHUNK
            yield from cursor.execute(self.select(table, part))

    def take(self, table: Table, source: Any, part: Slice) -> None:
        marks = sql.SQL(", ").join(sql.SQL("%s") for _column in table.columns)
        query = written("INSERT INTO {table} ({columns}) VALUES ", table) + sql.SQL("({})").format(marks)
        with self.connection.cursor() as cursor:
            cursor.executemany(query, (_for_postgres(table, row) for row in source.values(table, part)))


class DjangoSide(_Portable):
    """MariaDB, SQLite: an engine without row-level security, which holds one organization alone."""

    def __init__(self, connection: Any, organization_id: uuid.UUID) -> None:
        self.connection = connection
        self.organization_id = organization_id

    @classmethod
    def open(cls, context: TenantContext) -> DjangoSide:
        """A connection of its own, which no thread finds by its alias; one that is down is down alone."""
        alias = context.placement.alias
        with use_tenant(context):
            wanted = {name: value for name, value in owner_settings(alias).items() if name != INSTEAD}
        connection = load_backend(wanted["ENGINE"]).DatabaseWrapper(wanted, f"copying_{alias}")
        connection.inc_thread_sharing()
        return cls(connection, context.organization_id)

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._transaction(_READING[self.connection.vendor]):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._transaction(_WRITING[self.connection.vendor]):
            yield

    def count(self, table: Table) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute(*self._query("SELECT count(*)", table, Slice()))
            return int(cursor.fetchone()[0])

    def bounds(self, table: Table, size: int) -> list[uuid.UUID]:
        """Every so many'th in the order the engine has: near enough, and never all ids at once."""
        key = table.columns.index("id")
        return sorted(row[key] for row in islice(self.values(table, Slice()), size - 1, None, size))

    def values(self, table: Table, part: Slice) -> Iterator[Row]:
        columns = ", ".join(self._quoted(column) for column in table.columns)
        convert = [_from_engine(self.connection, field) for field in table.fields]
        with self.connection.chunked_cursor() as cursor:
            cursor.execute(*self._query(f"SELECT {columns}", table, part))
            while rows := cursor.fetchmany(CHUNK):
                for row in rows:
                    yield [turn(value) for turn, value in zip(convert, row, strict=True)]

    def take(self, table: Table, source: Any, part: Slice) -> None:
        columns = ", ".join(self._quoted(column) for column in table.columns)
        marks = ", ".join(["%s"] * len(table.columns))
        query = f"INSERT INTO {self._quoted(table.name)} ({columns}) VALUES ({marks})"  # noqa: S608  our names
        rows = source.values(table, part)
        with self.connection.cursor() as cursor:
            while chunk := list(islice(rows, CHUNK)):
                cursor.executemany(query, [self._for_engine(table, row) for row in chunk])

    def remove(self, table: Table, ids: Sequence[uuid.UUID]) -> None:
        with self.connection.cursor() as cursor:
            for start in range(0, len(ids), CHUNK):
                cursor.execute(*self._query("DELETE", table, Slice(ids=ids[start : start + CHUNK])))

    @contextmanager
    def _transaction(self, opening: Sequence[str]) -> Iterator[None]:
        with self.connection.cursor() as cursor:
            for statement in opening:
                cursor.execute(statement)
            try:
                yield
                cursor.execute("COMMIT")
            except BaseException:
                self._undo(cursor)
                raise

    def _undo(self, cursor: Any) -> None:
        if self.connection.connection is not None and self.connection.is_usable():
            cursor.execute("ROLLBACK")

    def _query(self, chosen: str, table: Table, part: Slice) -> tuple[str, list[Any]]:
        key, spelled = _KEYS[self.connection.vendor]
        tests, values = ["organization_id = %s"], [self._id(self.organization_id)]
        if part.ids is not None:
            tests.append(f"id IN ({', '.join(['%s'] * len(part.ids))})")
            values += [self._id(one) for one in part.ids]
        for test, bound in ((">=", part.first), ("<", part.end)):
            if bound is not None:
                tests.append(f"{key} {test} %s")
                values.append(spelled(bound))
        return f"{chosen} FROM {self._quoted(table.name)} WHERE {' AND '.join(tests)}", values

    def _id(self, value: uuid.UUID) -> Any:
        return models.UUIDField().get_db_prep_value(value, self.connection)

    def _for_engine(self, table: Table, row: Row) -> list[Any]:
        pairs = zip(table.fields, row, strict=True)
        return [_as_held(field).get_db_prep_save(value, self.connection) for field, value in pairs]

    def _quoted(self, name: str) -> str:
        return str(self.connection.ops.quote_name(name))


#: How a snapshot and a writing transaction begin; without references checked at the end, they are off.
_READING = {
    "sqlite": ("BEGIN",),
    "mysql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    ),
}
_WRITING = {
    "sqlite": ("BEGIN IMMEDIATE", "PRAGMA defer_foreign_keys = ON"),
    "mysql": ("SET foreign_key_checks = 0", "START TRANSACTION"),
}
#: An id as text that sorts like the UUID itself: MariaDB has an order of its own for its type.
_KEYS: dict[str, tuple[str, Callable[[uuid.UUID], str]]] = {
    "sqlite": ("id", lambda key: key.hex),
    "mysql": ("REPLACE(CAST(id AS CHAR(36)), '-', '')", lambda key: key.hex),
}


def _as_held(field: Any) -> Any:
    """Protected text is carried as it is held: neither opened nor marked once more."""
    return models.TextField() if isinstance(field, ProtectedTextField) else field


def _from_engine(connection: Any, field: Any) -> Callable[[Any], Any]:
    """What Django does with a value of this column when it reads it."""
    held = _as_held(field)
    expression = field.get_col(field.model._meta.db_table)
    turns = [*connection.ops.get_db_converters(expression), *held.get_db_converters(connection)]

    def turn(value: Any) -> Any:
        for one in turns:
            value = one(value, expression, connection)
        return value

    return turn


def _for_postgres(table: Table, row: Row) -> list[Any]:
    return [_as_json(field, value) for field, value in zip(table.fields, row, strict=True)]


def _as_json(field: Any, value: Any) -> Any:
    return Jsonb(value) if isinstance(field, models.JSONField) else value
