"""Django's backend. There is no row-level security: the database holds one organization."""

from __future__ import annotations

from typing import Any

from django.db.backends.mysql import base
from pymysql import OperationalError

from tenants.db.breaker import asking


class DatabaseWrapper(base.DatabaseWrapper):
    """One that does not answer is found out in seconds, and not asked by every thread."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        patience = (
            {"read_timeout": conn_params["connect_timeout"]} if "connect_timeout" in conn_params else {}
        )
        with asking(self.alias, (OperationalError,)):
            connection: Any = super().get_new_connection({**conn_params, **patience})
        # PyMySQL bounds the server's greeting by this one, not by connect_timeout.
        connection._read_timeout = conn_params.get("read_timeout")
        return connection
