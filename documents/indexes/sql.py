"""Pieces of PostgreSQL's search as expressions: `{row}` in one is the table of passages or of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BooleanField, Expression, Field, FloatField, QuerySet


class Sql(Expression):
    """Text of ours with values as parameters; no value is ever part of the text."""

    def __init__(self, text: str, *values: Any, gives: Field[Any, Any] | None = None) -> None:
        super().__init__(output_field=gives or BooleanField())
        self.text, self.values = text, values

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        row = compiler.quote_name_unless_alias(compiler.query.get_initial_alias())
        return self.text.replace("{row}", row), self.values

    @property
    def conditional(self) -> bool:
        return isinstance(self.output_field, BooleanField)


def number(text: str, *values: Any) -> Sql:
    return Sql(text, *values, gives=FloatField())


def told(sets: Sequence[QuerySet[Any]], statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement gives in which `{0}`, `{1}` … in their order are the questions for these rows.

    `values` are of what stands before the first; those of the rows follow. Nothing where one has no rows.
    """
    try:
        asked = [one.query.get_compiler(using=one.db).as_sql() for one in sets]
    except EmptyResultSet:
        return []
    for at, (text, _params) in enumerate(asked):
        statement = statement.replace(f"{{{at}}}", text)
    with connections[sets[0].db].cursor() as cursor:
        cursor.execute(statement, [*values, *(value for _text, params in asked for value in params)])
        return cursor.fetchall()


def counted(sets: Sequence[QuerySet[Any]], most: int) -> list[int]:
    """How many rows each has, in one statement; none is counted further than one beyond `most`."""
    if not sets:
        return []
    try:
        asked = [
            one.order_by().values("pk")[: most + 1].query.get_compiler(using=one.db).as_sql() for one in sets
        ]
    except EmptyResultSet:
        return [0] * len(sets)
    one = "(SELECT count(*) FROM ({}) AS counted)"
    parts = ", ".join(one.replace("{}", text) for text, _params in asked)
    with connections[sets[0].db].cursor() as cursor:
        cursor.execute("SELECT " + parts, [value for _text, params in asked for value in params])
        return list(cursor.fetchone())
