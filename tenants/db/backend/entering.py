"""Entering in the very message of a statement, for connections that are another one each transaction.

PostgreSQL runs the statements of one message as one transaction where none is open, so a setting
local to the transaction holds for just them; where one is open it holds until its end. No round
trip is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from psycopg import ClientCursor, sql

if TYPE_CHECKING:
    Cursor = ClientCursor[Any]
else:
    from django.db.backends.postgresql.base import Cursor

ENTRY = "SELECT set_config('search_path', '{}', true), set_config('humana.organization', '{}', true)"


class Place(Protocol):
    def to_enter(self) -> tuple[str, str] | None: ...


class EnteringCursor(Cursor):
    """Django's cursor, which puts the wanted search path and organization before a statement."""

    place: Place | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        wanted = self.place.to_enter() if self.place else None
        if wanted is None:
            return super().execute(query, params, **options)
        text = query.as_string(self) if isinstance(query, sql.Composable) else query
        super().execute(f"{_entry(wanted)};{text}", params, **options)
        self.nextset()
        return self

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        for params in params_seq:
            self.execute(query, params, **options)


def _entry(wanted: tuple[str, str]) -> str:
    """Names of ours only: neither a schema nor a hexadecimal id holds a per cent sign or a quote."""
    path, organization = wanted
    return ENTRY.format(path, organization)
