"""Entering in the very message of a statement: no round trip is added.

PostgreSQL runs the statements of one message as one transaction where none is open. So the settings
hold for the statement; and then for the session, or, for connections that are another one each
transaction, until the transaction ends. Where the statement fails they are undone with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from psycopg import ClientCursor, sql

if TYPE_CHECKING:
    Cursor = ClientCursor[Any]
else:
    from django.db.backends.postgresql.base import Cursor

ENTRY = "SELECT set_config('search_path', '{0}', {2}), set_config('humana.organization', '{1}', {2})"


class Place(Protocol):
    @property
    def per_transaction(self) -> bool: ...

    def to_enter(self) -> tuple[str, str] | None: ...

    def entered(self, wanted: tuple[str, str]) -> None: ...


class EnteringCursor(Cursor):
    """Django's cursor, which puts the wanted search path and organization before a statement."""

    place: Place | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        wanted = self.place.to_enter() if self.place else None
        if wanted is None or self.place is None:
            return super().execute(query, params, **options)
        text = query.as_string(self) if isinstance(query, sql.Composable) else query
        super().execute(f"{_entry(wanted, self.place.per_transaction)};{text}", params, **options)
        self.nextset()
        self.place.entered(wanted)
        return self

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        if self.place is None or not self.place.per_transaction:
            self._enter_alone()
            super().executemany(query, params_seq, **options)
            return
        for params in params_seq:  # each may be on another connection than the one before
            self.execute(query, params, **options)

    def copy(self, *args: Any, **options: Any) -> Any:
        self._enter_alone()
        return super().copy(*args, **options)

    def _enter_alone(self) -> None:
        """Before what has to have a message for itself."""
        if self.place is not None and (wanted := self.place.to_enter()) is not None:
            super().execute(_entry(wanted, self.place.per_transaction))
            self.place.entered(wanted)


def _entry(wanted: tuple[str, str], local: bool) -> str:
    """Names of ours only: neither a schema nor a hexadecimal id holds a per cent sign or a quote."""
    path, organization = wanted
    return ENTRY.format(path, organization, "true" if local else "false")
