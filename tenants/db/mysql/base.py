"""Django's backend. There is no row-level security: the database holds one organization."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.mysql import base, operations, schema
from django.db.models.constants import OnConflict
from pymysql import OperationalError

from tenants.db.aliases import latest, reaching, still_granted
from tenants.db.backend.bounded import MOST, MOST_LOOKED_AT
from tenants.db.caseless import CaselessOperations, caseless
from tenants.db.mysql.bounded import Bounded
from tenants.db.statement_time import GRACE, is_timed, seconds_of


class DatabaseOperations(CaselessOperations, operations.DatabaseOperations):
    """A row that is there already is left as it is, and held alone.

    With INSERT IGNORE all who come at once would share it, and then each wait for the others to let
    go of it: a deadlock. It would also cut off what is too long, and say nothing.
    """

    def insert_statement(self, on_conflict: OnConflict | None = None) -> str:
        return super().insert_statement()

    def on_conflict_suffix_sql(
        self, fields: Any, on_conflict: OnConflict | None, update_fields: Any, unique_fields: Any
    ) -> str:
        if on_conflict != OnConflict.IGNORE:
            return super().on_conflict_suffix_sql(fields, on_conflict, update_fields, unique_fields)
        key = self.quote_name(fields[0].column)
        return f"ON DUPLICATE KEY UPDATE {key} = {key}"


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Texts are equal, and in order, as on every other engine; a server's own collation has "a" = "Á"."""

    sql_create_table = f"{schema.DatabaseSchemaEditor.sql_create_table} COLLATE utf8mb4_nopad_bin"


class Cursor(base.CursorWrapper):
    def execute(self, query: Any, args: Any = None) -> Any:
        with _no_files():
            return super().execute(query, args)

    def executemany(self, query: Any, args: Any) -> Any:
        with _no_files():
            return super().executemany(query, args)


class DatabaseWrapper(base.DatabaseWrapper):
    """One that does not answer is found out in seconds, and not asked by every thread."""

    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor
    operators = caseless(base.DatabaseWrapper.operators)

    def connect(self) -> None:
        self.settings_dict = latest(self.alias, self.settings_dict)
        still_granted(self.alias, self.settings_dict)
        super().connect()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        patience = (
            {"read_timeout": conn_params["connect_timeout"]} if "connect_timeout" in conn_params else {}
        )
        seconds = seconds_of(self.alias) if is_timed(self.alias, self.settings_dict) else None
        timed = _timed(conn_params, seconds)
        with reaching(self.alias, (OperationalError,)), _no_files():
            connection: Any = Bounded(**{**conn_params, **patience, **timed})
        # PyMySQL bounds the server's greeting by this one, not by connect_timeout.
        usual = seconds + GRACE if seconds else conn_params.get("read_timeout")
        looked_at = self.settings_dict.get("PATIENCE")
        connection._read_timeout = looked_at or usual
        connection.most = MOST_LOOKED_AT if looked_at else MOST
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        return Cursor(self.connection.cursor())


def _timed(conn_params: dict[str, Any], seconds: int | None) -> dict[str, Any]:
    """Said as the connection begins; a thread closes it when it leaves the organization."""
    if seconds is None:
        return {}
    begins = conn_params.get("init_command", "SET SESSION autocommit = @@autocommit")
    return {"init_command": f"{begins}, SESSION max_statement_time = {seconds}"}


@contextmanager
def _no_files() -> Iterator[None]:
    """A server that asks for a file of ours is told no by PyMySQL, which leaves the connection unusable."""
    try:
        yield
    except RuntimeError as error:
        raise OperationalError(2027, "the server does not answer as MariaDB does") from error
