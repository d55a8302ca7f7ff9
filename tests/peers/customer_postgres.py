"""A customer's PostgreSQL: another server than ours, with the one role that a customer would give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from humana.embedded.postgres import THROWAWAY, Postgres
from humana.embedded.process import Child
from humana.embedded.secrets import word
from tenants import roles_sql
from tenants.roles_sql import Role
from tests.peers.server import DatabaseServer


class CustomerPostgres(DatabaseServer):
    """One server below `home`. Its user owns its database and has no power beyond it."""

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(user="customer", password=word(), name="customer_books")
        passwords = {role: word() for role in ("postgres", "owner", "app")}
        self.server = Postgres(home, passwords, settings=THROWAWAY | dict(settings or {}))

    def start(self) -> Child:
        """Start the server with its role and database; CannotStart with its log."""
        child = self.server.start()
        self.port = self.server.port
        with self.server.connect("postgres") as administrator:
            roles_sql.ensure_role(administrator, self._role)
        self._create(self.name)
        return child

    def connect(self, name: str = "") -> psycopg.Connection[Any]:
        """A connection of the customer's role, in autocommit."""
        return psycopg.connect(self.url(name), autocommit=True, connect_timeout=5)

    @contextmanager
    def another_database(self, name: str) -> Iterator[str]:
        """The address of one more database of the same role; dropped afterwards, with its sessions."""
        self._create(name)
        try:
            yield self.url(name)
        finally:
            with self.server.connect("postgres") as administrator:
                administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @property
    def _role(self) -> Role:
        return Role(self.user, self.password)

    def _create(self, name: str) -> None:
        with self.server.connect("postgres") as administrator:
            roles_sql.ensure_database(administrator, name, owner=self._role)
