"""Django's backend. One transaction writes at a time, so who waited too long is told to come again."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base, operations
from django.utils.translation import gettext as _

from humana.kernel.errors import Unavailable
from tenants.db.caseless import CaselessOperations, caseless


class DatabaseOperations(CaselessOperations, operations.DatabaseOperations):
    pass


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    operators = caseless(base.DatabaseWrapper.operators)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.create_function("UPPER", 1, _upper, deterministic=True)
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # django-stubs lack it
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            message = _("Somebody else is writing just now. Try again in a moment.")
            raise Unavailable(message, code="busy") from error


def _upper(text: object) -> str | None:
    """SQLite's own knows the letters of English only."""
    return None if text is None else str(text).upper()
