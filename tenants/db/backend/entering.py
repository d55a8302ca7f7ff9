"""Entering in the very message of a statement: no round trip is added.

PostgreSQL runs the statements of one message as one transaction where none is open. So the settings
hold for the statement; and then for the session, or, for connections that are another one each
transaction, until the transaction ends. Where the statement fails they are undone with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from psycopg import ClientCursor, sql

if TYPE_CHECKING:
    Cursor = ClientCursor[Any]
else:
    from django.db.backends.postgresql.base import Cursor

ENTRY = "SELECT set_config('search_path', '{0}', {3}), set_config('humana.organization', '{1}', {3})"
#: How long a statement may take; PostgreSQL begins to count anew with each statement of a message.
TIME = ", set_config('statement_timeout', NULLIF('{2}', ''), {3})"


#: Search path, organization, and how long a statement may take, in milliseconds (see `leaving.NOWHERE`).
State: TypeAlias = tuple[str, str, str]


class Place(Protocol):
    @property
    def per_transaction(self) -> bool: ...

    @property
    def is_timed(self) -> bool: ...

    def to_enter(self) -> State | None: ...

    def entered(self, wanted: State) -> None: ...


class EnteringCursor(Cursor):
    """Django's cursor, which puts the wanted search path and organization before a statement."""

    place: Place | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        wanted = self.place.to_enter() if self.place else None
        if wanted is None or self.place is None:
            return super().execute(query, params, **options)
        text = query.as_string(self) if isinstance(query, sql.Composable) else query
        super().execute(f"{_entry(wanted, self.place)};{text}", params, **options)
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
            super().execute(_entry(wanted, self.place))
            self.place.entered(wanted)


def _entry(wanted: State, place: Place) -> str:
    """Names and numbers of ours only: no schema and no hexadecimal id holds a per cent sign or a quote."""
    text = ENTRY + TIME if place.is_timed else ENTRY
    return text.format(*wanted, "true" if place.per_transaction else "false")
