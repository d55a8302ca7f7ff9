"""A side on PostgreSQL: the server makes the digests, and rows travel as it wrote them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from tenants.context import TenantContext, use_tenant
from tenants.db.backend.bounded import be_patient
from tenants.db.copying.sides import Bucket, Buckets, Slice
from tenants.db.copying.tables import Table
from tenants.owner import owner_connection

#: What a row looks like as text must not depend on a server's or a role's own settings.
SAME_TEXT = {
    "DateStyle": "ISO, YMD",
    "TimeZone": "UTC",
    "IntervalStyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


class PostgresSide:
    """The organization's rows in one schema, seen as its owner under forced row-level security."""

    def __init__(self, connection: psycopg.Connection[Any], schema: str, organization_id: uuid.UUID) -> None:
        self.connection = connection
        self.schema = schema
        self.organization_id = organization_id

    @classmethod
    def open(cls, context: TenantContext) -> PostgresSide:
        with use_tenant(context):
            connection = owner_connection(context.placement.alias)
        be_patient(connection)  # one statement may read a whole table
        return cls(connection, context.placement.schema, context.organization_id)

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            self._enter()
            yield
        finally:
            self._roll_back()

    @contextmanager
    def writing(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            self._enter()
            self.connection.execute("SET CONSTRAINTS ALL DEFERRED")
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def count(self, table: Table) -> int:
        return int(self._ask(_COUNT, table)[0][0])

    def bounds(self, table: Table, size: int) -> list[uuid.UUID]:
        return [row[0] for row in self._ask(_BOUNDS, table, size=size)]

    def buckets(
        self, table: Table, bounds: Sequence[uuid.UUID], only: Sequence[int] | None = None
    ) -> Buckets:
        chosen = None if only is None else list(only)
        found = self._ask(_PARTED + _BUCKETS, table, bounds=list(bounds), only=chosen)
        return {number: Bucket(rows, digest, mark) for number, rows, digest, mark in found}

    def marks(self, table: Table, bounds: Sequence[uuid.UUID]) -> dict[int, Decimal]:
        """From each row's id and the transaction that wrote it, which every change replaces."""
        return dict(self._ask(_MARKS, table, bounds=list(bounds)))

    def rows(self, table: Table, bounds: Sequence[uuid.UUID], only: Sequence[int]) -> dict[uuid.UUID, bytes]:
        return dict(self._ask(_PARTED + _ROWS, table, bounds=list(bounds), only=list(only)))

    def take(self, table: Table, source: PostgresSide, part: Slice) -> None:
        """Through a table of this session: PostgreSQL lets nobody COPY into one with row-level security."""
        self.connection.execute(
            written("CREATE TEMPORARY TABLE carried (LIKE {table}) ON COMMIT DROP", table)
        )
        out = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(source.select(table, part))
        into = written("COPY carried ({columns}) FROM STDIN (FORMAT binary)", table)
        with (
            source.connection.cursor().copy(out) as reading,
            self.connection.cursor().copy(into) as writing,
        ):
            for block in reading:
                writing.write(block)
        self.connection.execute(
            written("INSERT INTO {table} ({columns}) SELECT {columns} FROM carried", table)
        )
        self.connection.execute("DROP TABLE carried")

    def remove(self, table: Table, ids: Sequence[uuid.UUID]) -> None:
        if ids:
            self.connection.execute(written(_REMOVE, table), self._with(ids=list(ids)))

    def _enter(self) -> None:
        path = f"{sql.Identifier(self.schema).as_string(self.connection)}, public"
        wanted = {"search_path": path, "humana.organization": self.organization_id.hex, **SAME_TEXT}
        calls = ", ".join(["set_config(%s, %s, true)"] * len(wanted))
        values = [part for pair in wanted.items() for part in pair]
        self.connection.execute(f"SELECT {calls}".encode(), values)

    def _roll_back(self) -> None:
        if not self.connection.closed:
            self.connection.execute("ROLLBACK")

    def _ask(self, query: str, table: Table, **options: Any) -> list[Any]:
        return self.connection.execute(written(query, table), self._with(**options)).fetchall()

    def _with(self, **options: Any) -> dict[str, Any]:
        return {"organization": self.organization_id, **options}

    def select(self, table: Table, part: Slice) -> sql.Composed:
        """As text with its values in it: COPY takes no parameters."""
        where = [_equal("organization_id", sql.Literal(self.organization_id))]
        if part.ids is not None:
            where.append(sql.SQL("id = ANY({})").format(sql.Literal(list(part.ids))))
        if part.first is not None:
            where.append(sql.SQL("id >= {}").format(sql.Literal(part.first)))
        if part.end is not None:
            where.append(sql.SQL("id < {}").format(sql.Literal(part.end)))
        chosen = written("SELECT {columns} FROM {table} WHERE ", table)
        return chosen + sql.SQL(" AND ").join(where)


_COUNT = "SELECT count(*) FROM {table} WHERE organization_id = %(organization)s"
_BOUNDS = """
    SELECT id FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS number
        FROM {table} WHERE organization_id = %(organization)s
    ) AS numbered WHERE number %% %(size)s = 0 ORDER BY id
"""
_MARKS = """
    SELECT width_bucket(id, %(bounds)s::uuid[]) AS bucket, sum(uuid_hash_extended(id, xmin::text::bigint))
    FROM {table} WHERE organization_id = %(organization)s GROUP BY bucket
"""
_PARTED = """
    WITH parted AS (
        SELECT id, xmin, width_bucket(id, %(bounds)s::uuid[]) AS bucket,
               sha256(convert_to(ROW({columns})::text, 'UTF8')) AS digest
        FROM {table} WHERE organization_id = %(organization)s
          AND (%(only)s::int[] IS NULL OR width_bucket(id, %(bounds)s::uuid[]) = ANY(%(only)s::int[]))
    )
"""
_BUCKETS = """
    SELECT bucket, count(*), sha256(string_agg(digest, ''::bytea ORDER BY id)),
           sum(uuid_hash_extended(id, xmin::text::bigint))
    FROM parted GROUP BY bucket
"""
_ROWS = "SELECT id, digest FROM parted"
_REMOVE = "DELETE FROM {table} WHERE organization_id = %(organization)s AND id = ANY(%(ids)s)"


def written(query: str, table: Table) -> sql.Composed:
    """The query with the table's name and columns in their places."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    return sql.SQL(query).format(table=sql.Identifier(table.name), columns=columns)


def _equal(column: str, value: sql.Composable) -> sql.Composed:
    return sql.SQL("{} = {}").format(sql.Identifier(column), value)
