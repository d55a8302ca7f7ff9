"""A customer's PostgreSQL that goes silent in the middle of an answer is not waited for without end.

The server's own `statement_timeout` helps while the server lives, TCP's while the network does. Here is
what neither sees: a server that let us in, and never says another word.
"""

from __future__ import annotations

from typing import Any

import psycopg

#: A little longer than one statement may take there (`byoc.databases.STATEMENT_MS`), in seconds.
PATIENCE = 65.0
#: For what moves whole tables, or runs a script of many statements.
LONG_PATIENCE = 1800.0


class Bounded(psycopg.Connection[Any]):
    """Waits `patience` seconds for each answer, then gives the connection up."""

    patience: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, PATIENCE if self.patience is None else self.patience)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()  # what it says now would be taken for the answer to something else
            raise psycopg.errors.ConnectionTimeout("timeout: the server went silent") from None


def be_patient(connection: psycopg.Connection[Any]) -> None:
    """For what may take long by right. One of our own server waits as long as it takes anyway."""
    if isinstance(connection, Bounded):
        connection.patience = LONG_PATIENCE
