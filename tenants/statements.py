"""Statements written once and sent together, for the few paths that every answer takes.

The ORM composes each query anew, which costs several times what running it does, and sends each
by itself. Here the text is composed once per shape, and what needs no earlier result travels in
one round trip where the database allows it.

The floor is that of `scoping`: every statement names the organization of the context, what is
inserted is stamped with it, and a row of another organization cannot be written.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.constants import OnConflict
from django.utils import timezone

from tenants.context import current_tenant
from tenants.scoping import OrganizationScoped, Removable
from tenants.transactions import tenant_atomic

Model = type[OrganizationScoped]
Rows = list[tuple[Any, ...]]
#: What of a condition stands in the text: each column, and how many values it is compared with.
Shape = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL text with its values, the fields of the columns it returns, and which are translated."""

    sql: str
    values: Sequence[Any]
    fields: tuple[Any, ...] = ()
    translated: tuple[tuple[int, Any], ...] = ()


def select(
    model: Model, *names: str, lock: bool = False, order: Sequence[str] = (), **where: Any
) -> Statement:
    """The named columns of rows, all of them if none is named; never what people removed.

    `where` compares columns: None with NULL, a list with any of its values. `lock` is FOR UPDATE.
    """
    fields = tuple(_field(model, name) for name in names) or _all(model)
    where = _scoped(where) | ({"removed_at": None} if issubclass(model, Removable) else {})
    sql, translated = _select(_connection().vendor, model, fields, _shape(where), tuple(order), lock)
    return Statement(sql, _values(model, where), fields, translated)


def insert(*rows: OrganizationScoped, once: bool = False) -> Statement:
    """New rows of one model. With `once`, a row that would break a unique constraint is left out."""
    model, connection = type(rows[0]), _connection()
    values = [
        one.get_db_prep_save(one.pre_save(row, True), connection) for row in rows for one in _all(model)
    ]
    return Statement(_insert(connection.vendor, model, len(rows), once), values)


def update(model: Model, changes: Mapping[str, Any], **where: Any) -> Statement:
    """Change columns, and `updated_at`, of the rows that `where` names as in `select`."""
    assert "organization_id" not in changes, "a row never changes its organization"
    connection, where = _connection(), _scoped(where)
    changes = {**changes, "updated_at": timezone.now()}
    values = [_field(model, name).get_db_prep_save(value, connection) for name, value in changes.items()]
    sql = _update(connection.vendor, model, tuple(changes), _shape(where))
    return Statement(sql, values + _values(model, where))


def send(*statements: Statement) -> list[Rows]:
    """Run them in order; of each the rows it returns, or one row with the count of what it changed."""
    if all(one.fields for one in statements):
        return _send(statements)
    with tenant_atomic():
        return _send(statements)


def _send(statements: Sequence[Statement]) -> list[Rows]:
    connection = _connection()
    together = connection.vendor == "postgresql"
    results = []
    with connection.cursor() as cursor:
        if together:
            sql = ";".join(one.sql for one in statements)
            cursor.execute(sql, [value for one in statements for value in one.values])
        for one in statements:
            if not together:
                cursor.execute(one.sql, one.values)
            results.append(_read(cursor, one, connection))
            if together:
                cursor.nextset()
    return results


def changed(result: Rows) -> int:
    """How many rows an insert or update touched."""
    count: int = result[0][0]
    return count


def instances(model: type[Any], rows: Rows) -> list[Any]:
    """Objects of a `select` of all columns."""
    names = [field.attname for field in model._meta.concrete_fields]
    return [model.from_db(_connection().alias, names, row) for row in rows]


def _connection() -> BaseDatabaseWrapper:
    return connections[current_tenant().placement.alias]


def _read(cursor: Any, statement: Statement, connection: BaseDatabaseWrapper) -> Rows:
    if not statement.fields:
        return [(cursor.rowcount,)]
    rows: Rows = cursor.fetchall()
    translated = [(n, column, _translations(column, connection)) for n, column in statement.translated]
    return [_translate(row, translated, connection) for row in rows] if translated else rows


def _translations(column: Any, connection: BaseDatabaseWrapper) -> list[Any]:
    """As the ORM has them: the engine's (SQLite knows no UUID, MariaDB no time zone), then the field's."""
    return [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]


def _translate(row: tuple[Any, ...], translated: Any, connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
    values = list(row)
    for index, column, translations in translated:
        for translate in translations:
            values[index] = translate(values[index], column, connection)
    return tuple(values)


def _scoped(where: Mapping[str, Any]) -> dict[str, Any]:
    return {**where, "organization_id": current_tenant().organization_id}


def _shape(where: Mapping[str, Any]) -> Shape:
    assert [] not in where.values(), "nothing is in an empty list"
    return tuple((name, len(_compared(value))) for name, value in where.items())


def _compared(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _values(model: Model, where: Mapping[str, Any]) -> list[Any]:
    connection = _connection()
    return [
        _field(model, name).get_db_prep_value(one, connection)
        for name, value in where.items()
        for one in _compared(value)
    ]


@functools.lru_cache(maxsize=512)
def _select(
    vendor: str, model: Model, fields: tuple[Any, ...], where: Shape, order: tuple[str, ...], lock: bool
) -> tuple[str, tuple[tuple[int, Any], ...]]:
    """The text, and the columns that are not what the driver makes of them."""
    columns = ", ".join(_name(one.column) for one in fields)
    sql = f"SELECT {columns} FROM {_name(model._meta.db_table)} WHERE {_condition(model, where)}"  # noqa: S608
    if order:
        sql += " ORDER BY " + ", ".join(_name(_field(model, name).column) for name in order)
    sql += " FOR UPDATE" if lock and _connection().features.has_select_for_update else ""
    found = [(n, one.cached_col) for n, one in enumerate(fields)]
    return sql, tuple((n, column) for n, column in found if _translations(column, _connection()))


@functools.lru_cache(maxsize=512)
def _insert(vendor: str, model: Model, rows: int, once: bool) -> str:
    operations, fields = _connection().ops, _all(model)
    unless = OnConflict.IGNORE if once else None
    row = f"({_places(len(fields))})"
    columns = ", ".join(_name(one.column) for one in fields)
    head = f"{operations.insert_statement(on_conflict=unless)} {_name(model._meta.db_table)} ({columns})"
    tail = operations.on_conflict_suffix_sql(fields, unless, [], []) if once else ""
    return f"{head} VALUES {', '.join([row] * rows)} {tail}"


@functools.lru_cache(maxsize=512)
def _update(vendor: str, model: Model, names: tuple[str, ...], where: Shape) -> str:
    changes = ", ".join(f"{_name(_field(model, name).column)} = %s" for name in names)
    return f"UPDATE {_name(model._meta.db_table)} SET {changes} WHERE {_condition(model, where)}"  # noqa: S608


def _condition(model: Model, shape: Shape) -> str:
    columns = ((_name(_field(model, name).column), count) for name, count in shape)
    return " AND ".join(
        f"{column} IN ({_places(count)})" if count else f"{column} IS NULL" for column, count in columns
    )


def _all(model: Model) -> tuple[Any, ...]:
    return tuple(model._meta.concrete_fields)


def _field(model: Model, name: str) -> Any:
    return model._meta.get_field(name)


def _name(name: str) -> str:
    quoted: str = _connection().ops.quote_name(name)
    return quoted


def _places(count: int) -> str:
    return ", ".join(["%s"] * count)
