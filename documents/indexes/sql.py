"""Pieces of PostgreSQL's search as expressions: `{row}` in one is the table of passages or of vectors."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Expression, Field, FloatField


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
