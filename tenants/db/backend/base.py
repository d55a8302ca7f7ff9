"""PostgreSQL, entered through the context.

One combined statement sets the search path and the row-level-security organization (and, in a database
of an organization's own, how long a statement may take there), and only when they differ from what this
connection last had. It travels in the message of the statement that needs it, so nobody waits for it (see
`entering`). The parent forgets what was set on close, rollback and savepoint rollback, so a reverted
setting is issued again. Without a context the connection points at `public` with no organization: tenant
tables are not found, policies pass no row. In that state a connection comes out of the pool (see
`tenants/db/leaving.py`).

Behind a pooler that gives every transaction another server connection (PgBouncer's transaction
mode; `ENTER_PER_TRANSACTION` in the database's settings) nothing may stay on a session: there the
same settings are local to the transaction, or to the message where there is none.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.utils import DEFAULT_DB_ALIAS, DatabaseError
from django_tenants.postgresql_backend.base import DatabaseWrapper as SchemaWrapper
from psycopg.pq import TransactionStatus

from tenants.context import peek_tenant
from tenants.db.aliases import latest, reaching, still_granted
from tenants.db.backend.bounded import MOST, MOST_LOOKED_AT, Bounded
from tenants.db.backend.entering import EnteringCursor, State
from tenants.db.backend.moments import read_quickly
from tenants.db.backend.schema import SchemaEditor
from tenants.db.leaving import ENTER, ENTER_TIMED, NOWHERE, is_cleared, leave, note
from tenants.db.statement_time import GRACE, is_timed, seconds_of

#: psycopg for a server that is not ours.
BOUNDED = SimpleNamespace(**{**vars(psycopg), "connect": Bounded.connect})


class DatabaseWrapper(SchemaWrapper):  # type: ignore[misc]
    """django-tenants' wrapper, except that the wanted state comes from the ContextVar."""

    SchemaEditorClass = SchemaEditor
    settings_dict: dict[str, Any]
    search_path_set_schemas: State | None
    _setting_search_path: bool
    _last: State | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self._is_elsewhere:
            self.Database = BOUNDED

    @property
    def _is_elsewhere(self) -> bool:
        """On another server than our own."""
        return self.alias != DEFAULT_DB_ALIAS and not self.settings_dict.get("OURS")

    @property
    def per_transaction(self) -> bool:
        return bool(self.settings_dict.get("ENTER_PER_TRANSACTION"))

    @property
    def is_timed(self) -> bool:
        return is_timed(self.alias, self.settings_dict)

    @property
    def pool(self) -> Any:
        """Its workers clear what comes back. Django asks for it before it connects."""
        self.settings_dict = latest(self.alias, self.settings_dict)
        options = self.settings_dict["OPTIONS"]
        if options.get("pool") and "reset" not in options["pool"]:
            options["pool"] = {**options["pool"], "reset": leave}
            if self._is_elsewhere:
                options["pool"]["connection_class"] = Bounded
        return super().pool

    def connect(self) -> None:
        self.settings_dict = latest(self.alias, self.settings_dict)
        still_granted(self.alias, self.settings_dict)
        super().connect()

    def get_connection_params(self) -> dict[str, Any]:
        params = read_quickly(super().get_connection_params())
        return {**params, "cursor_factory": EnteringCursor}

    def get_new_connection(self, conn_params: Any) -> Any:
        with self._asking():
            connection = super().get_new_connection(conn_params)
        if isinstance(connection, Bounded):
            connection.patience = self.settings_dict.get("PATIENCE")
            connection.most = MOST_LOOKED_AT if connection.patience else MOST
        self.search_path_set_schemas = NOWHERE if is_cleared(connection) else None
        return connection

    def _asking(self) -> AbstractContextManager[None]:
        """Our own server is asked every time: if it does not answer, nothing does."""
        ours = self.alias == DEFAULT_DB_ALIAS
        return nullcontext() if ours else reaching(self.alias, (psycopg.OperationalError,))

    def close(self) -> None:
        # The parent forgets at once where we are; leaving needs to know.
        self._last = self.search_path_set_schemas
        super().close()

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        if isinstance(cursor, EnteringCursor):
            cursor.place = self
        return cursor

    def commit(self) -> None:
        super().commit()
        if self.per_transaction:
            self.search_path_set_schemas = None

    def _close(self) -> None:
        if self.connection is not None and self.pool:
            idle = self.connection.info.transaction_status == TransactionStatus.IDLE
            nothing_set = NOWHERE if self.per_transaction else self._last
            note(self.connection, nothing_set if idle else None)  # what was set in a transaction is undone
        super()._close()

    def _wanted(self) -> State:
        seconds = seconds_of(self.alias) if self.is_timed else None
        return (*self._whereabouts(), "" if seconds is None else str(1000 * seconds))

    def _whereabouts(self) -> tuple[str, str]:
        context = peek_tenant()
        if context is not None and context.placement.alias == self.alias:
            return f'"{context.placement.schema}", public', context.organization_id.hex
        if context is not None and self.alias == DEFAULT_DB_ALIAS:
            return "public", context.organization_id.hex  # its rows of the control plane
        schema = self.schema_name or "public"
        path = "public" if schema == "public" else f'"{schema}", public'
        return (path if self.include_public_schema else f'"{schema}"'), ""

    def to_enter(self) -> State | None:
        """What the next statement has to set in its own message; None where it is set already."""
        wanted = self._wanted()
        if self.search_path_set_schemas == wanted or self._only_rollback_is_left():
            return None
        # Whatever interrupts the statement, nobody may believe that the last state still holds.
        self.search_path_set_schemas = None
        self._be_patient(wanted)
        return None if self._is_forgotten_at_once and wanted == NOWHERE else wanted

    def _be_patient(self, wanted: State) -> None:
        """The server ends what takes too long, and says so; one that is silent we give a little longer."""
        if self.is_timed and isinstance(self.connection, Bounded):
            milliseconds = wanted[2]
            self.connection.patience = int(milliseconds) / 1000 + GRACE if milliseconds else None

    def entered(self, wanted: State) -> None:
        """The statement that set it has been answered."""
        if not self._is_forgotten_at_once:
            self.search_path_set_schemas = wanted

    @property
    def _is_forgotten_at_once(self) -> bool:
        return self.per_transaction and self.get_autocommit()

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Enter before a statement that cannot do it itself: of a named cursor, or of no organization.

        What runs in no organization may be what PostgreSQL lets stand alone only, as CREATE DATABASE.
        """
        if self.per_transaction or (cursor is not None and peek_tenant() is not None):
            return
        wanted = self._wanted()
        if self._setting_search_path or self.search_path_set_schemas == wanted:
            return
        self._setting_search_path = True
        self.search_path_set_schemas = None
        try:
            self._be_patient(wanted)
            self._enter(cursor, wanted)
            self.search_path_set_schemas = wanted
        except DatabaseError:
            if not self._only_rollback_is_left():
                raise
        finally:
            self._setting_search_path = False

    def _enter(self, cursor: Any, wanted: State) -> None:
        text, values = (ENTER_TIMED, wanted) if self.is_timed else (ENTER, wanted[:2])
        if cursor is not None:
            cursor.execute(text, values)
            return
        with self.wrap_database_errors, self.connection.cursor() as own:
            own.execute(text, values)

    def _only_rollback_is_left(self) -> bool:
        """In a transaction that failed the statement may fail too: whatever follows does as well."""
        status = self.connection.info.transaction_status
        return bool(self.needs_rollback or status == TransactionStatus.INERROR)
