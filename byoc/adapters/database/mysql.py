"""MariaDB, for one organization in a database of its own."""

from __future__ import annotations

from typing import Any

from django.db import Error

from byoc.adapters.database import base, fields
from byoc.adapters.database.base import RowsAdapter
from byoc.contracts import DatabaseState
from humana.kernel.egress.tls import checked_against

_STATE = """
    SELECT @@version, @@global.read_only, @@max_connections,
           (SELECT sum(data_length + index_length) FROM information_schema.tables
            WHERE table_schema = database())
"""


class MySQL(RowsAdapter):
    """A server is asked with PyMySQL, from a thread."""

    asks = fields.MYSQL
    abilities = frozenset({"rows", "transactions", "skip_locked", "documents"})

    def _settings(self, owner: bool) -> dict[str, Any]:
        return {
            "ENGINE": "tenants.db.mysql",
            "NAME": self.spec.options["database"],
            **self._signed_in(owner),
            "HOST": self._dialled(),
            "OPTIONS": {
                **self._tls(),
                "charset": "utf8mb4",
                "connect_timeout": base.CONNECT_SECONDS,
                "read_timeout": base.STATEMENT_MS // 1000,
                "write_timeout": base.STATEMENT_MS // 1000,
                "local_infile": False,  # a hostile server could ask for our files
                "isolation_level": "read committed",
                "init_command": "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'",
            },
        }

    def _tls(self) -> dict[str, Any]:
        """Encrypted and checked against the name, though an address is dialled; unless it was said no."""
        if self.spec.options.get("sslmode") == "disable":
            return {}
        return {"ssl": checked_against(self.origin.host)}

    def _state(self, connection: Any) -> DatabaseState:
        with connection.cursor() as cursor:
            cursor.execute(_STATE)
            version, read_only, most, size = cursor.fetchone()
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
            taken = cursor.fetchone()
        follows, lag = _following(connection)
        return DatabaseState(
            version=str(version),
            writable=not read_only,
            in_recovery=follows,
            lag_seconds=lag,
            size=int(size or 0),
            connections=int(taken[1]) if taken else None,
            most_connections=int(most),
        )


def _following(connection: Any) -> tuple[bool, float | None]:
    """Whether it follows another server, and how far behind; a customer's user may seldom ask."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW REPLICA STATUS")
            row = cursor.fetchone()
            names = [column[0] for column in cursor.description or ()]
    except Error:
        return False, None
    if row is None:
        return False, None
    behind = dict(zip(names, row, strict=True)).get("Seconds_Behind_Master")
    return True, None if behind is None else float(behind)
