"""A schema editor that can be listened to: what it ran in one schema can be replayed in others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor as Editor
else:
    from django.db.backends.postgresql.schema import DatabaseSchemaEditor as Editor

#: What is recorded, and whether it is run as well.
_tape: ContextVar[tuple[list[str], bool] | None] = ContextVar("humana_tape", default=None)


@contextmanager
def recording(*, run: bool = True) -> Iterator[list[str]]:
    """Every statement that schema editors run inside the block, in order, parameters quoted in.

    Without `run` they are written down only.
    """
    tape: list[str] = []
    token = _tape.set((tape, run))
    try:
        yield tape
    finally:
        _tape.reset(token)


class SchemaEditor(Editor):
    """PostgreSQL's, which also puts the final text of each statement on the tape of `recording`."""

    def execute(self, sql: Any, params: Any = ()) -> None:
        tape, run = _tape.get() or (None, True)
        if tape is not None:
            operations: Any = self.connection.ops
            text = str(sql) if params is None else operations.compose_sql(str(sql), params)
            tape.append(text.strip())
        if run:
            super().execute(sql, params)
