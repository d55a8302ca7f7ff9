"""How long a statement waits for what somebody else has locked, on each engine."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError

_POSTGRESQL, _MARIADB = "55P03", 1205


def wait_at_most(connection: Any, seconds: int | None) -> None:
    """For what follows in this transaction; None: as long as usual.

    In an SQLite file no statement waits for another: the transaction does, as it begins.
    """
    if connection.vendor == "sqlite":
        return
    time = "DEFAULT" if seconds is None else str(seconds)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SET LOCAL lock_timeout = {time if seconds is None else repr(time + 's')}")
        else:
            cursor.execute(f"SET innodb_lock_wait_timeout = {time}")


def waited_too_long(error: OperationalError) -> bool:
    """Whether that is what the server says."""
    return getattr(error.__cause__, "sqlstate", "") == _POSTGRESQL or error.args[:1] == (_MARIADB,)
