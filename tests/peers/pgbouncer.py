"""PgBouncer in transaction mode before a PostgreSQL, as a customer's hosting often has it.

Nothing is set that a cautious host would not set: no start-up parameter is let through unread, and
of prepared statements it keeps as many as its version does by itself (none before 1.21).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg

from humana.embedded.account import unprivileged
from humana.embedded.process import Child, on_free_port, spawn, wait_until
from tests.peers.server import ENVIRONMENT, DatabaseServer, installed, make_home, write_private

CONFIGURATION = """
[databases]
* = host={postgres.hostname} port={postgres.port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {size}
"""


class PgBouncer(DatabaseServer):
    """One pooler before the server, role and database of `url`; any database of it goes through."""

    def __init__(self, home: Path, url: str, *, size: int = 2) -> None:
        self.postgres = urlsplit(url)
        super().__init__(
            user=unquote(self.postgres.username or ""),
            password=unquote(self.postgres.password or ""),
            name=unquote(self.postgres.path.lstrip("/")),
        )
        self.home = home
        self.size = size  # connections to PostgreSQL for each database
        self.account = unprivileged()

    def start(self) -> Child:
        """Start it and wait until PostgreSQL answers through it; CannotStart with its log."""
        make_home(self.home, self.account)
        return on_free_port(self._start)

    def connect(self, name: str = "") -> psycopg.Connection[Any]:
        """A client's connection, in autocommit, which prepares nothing: not every version keeps it."""
        return psycopg.connect(self.url(name), autocommit=True, prepare_threshold=None, connect_timeout=5)

    def _start(self, port: int) -> Child:
        self.port = port
        child = spawn(
            "PgBouncer",
            [installed("pgbouncer"), self._write_configuration()],
            log=self.home.parent / "logs" / "pgbouncer.log",
            directory=Path("/"),
            environ=ENVIRONMENT,
            become=self.account.become,
        )
        wait_until(self._answers, child, seconds=30)
        return child

    def _write_configuration(self) -> Path:
        users = write_private(
            self.home / "users.txt", f'"{_quoted(self.user)}" "{_quoted(self.password)}"\n', self.account
        )
        text = CONFIGURATION.format(postgres=self.postgres, port=self.port, users=users, size=self.size)
        return write_private(self.home / "pgbouncer.ini", text, self.account)

    def _answers(self) -> bool:
        """Whether it is ours: with SCRAM, who answers proves that it knows this run's password."""
        try:
            with self.connect() as connection:
                return connection.execute("SELECT current_database()").fetchone() == (self.name,)
        except psycopg.OperationalError:
            return False


def _quoted(word: str) -> str:
    return word.replace('"', '""')
