"""A customer's MariaDB: the system's own server, with data that the test run throws away.

Users, rights and time zones come from the file the server reads before it listens: at no moment
does it let anybody in without a password. Its certificate is made out to NAME; with whoever asks for
it, it speaks TLS.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pymysql

from humana.embedded.account import unprivileged
from humana.embedded.process import CannotStart, Child, on_free_port, spawn, wait_until
from humana.embedded.secrets import word
from tests.peers.certificates import certificate_for
from tests.peers.server import ENVIRONMENT, DatabaseServer, installed, make_home, write_private

PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb-tzinfo-to-sql")
ZONES = Path("/usr/share/zoneinfo")
ADMINISTRATOR = "administrator"
NAME = "books.example"

SMALL = {
    "innodb-buffer-pool-size": "32M",
    "innodb-log-file-size": "8M",
    "innodb-flush-log-at-trx-commit": "0",  # the data is thrown away
    "innodb-flush-method": "nosync",
    "innodb-doublewrite": "0",
    "performance-schema": "OFF",
    "lock-wait-timeout": "20",  # seconds; its own is a day, in which a test would hang
    "skip-name-resolve": "ON",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_unicode_ci",
}

FIRST_STATEMENTS = """
CREATE USER IF NOT EXISTS '{administrator}'@'127.0.0.1' IDENTIFIED BY '{word}';
GRANT ALL ON *.* TO '{administrator}'@'127.0.0.1' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS '{user}'@'127.0.0.1' IDENTIFIED BY '{password}';
CREATE DATABASE IF NOT EXISTS `{name}`;
GRANT ALL ON `{name}`.* TO '{user}'@'127.0.0.1';
"""


class MariaDB(DatabaseServer):
    """One server below `home`. Its user has every right on its own database and none elsewhere."""

    scheme = "mysql"

    def __init__(self, home: Path) -> None:
        super().__init__(user="customer", password=word(), name="customer_books")
        self.home = home
        self.data = home / "data"
        self.scratch = home / "scratch"
        self.account = unprivileged()
        self._administrators_word = word()
        self.certificate = home / "certificate.pem"
        self._certified = (self.certificate, home / "key.pem")

    def start(self) -> Child:
        """Create the data, start the server, wait until it answers; CannotStart with its log."""
        make_home(self.home, self.account)
        make_home(self.scratch, self.account)
        self._certify()
        self._install()
        write_private(self.home / "first.sql", self._first_statements(), self.account)
        return on_free_port(self._start)

    def connect(self, name: str = "") -> pymysql.Connection[Any]:
        """A connection of the customer's user, in autocommit."""
        return self._connect(self.user, self.password, name or self.name)

    @contextmanager
    def another_database(self, name: str) -> Iterator[str]:
        """The address of one more database of the same user; dropped afterwards."""
        self._administrate(f"CREATE DATABASE `{name}`")
        self._administrate(f"GRANT ALL ON `{name}`.* TO '{self.user}'@'127.0.0.1'")
        try:
            yield self.url(name)
        finally:
            self._administrate(f"REVOKE ALL ON `{name}`.* FROM '{self.user}'@'127.0.0.1'")
            self._administrate(f"DROP DATABASE `{name}`")

    def _certify(self) -> None:
        with TemporaryDirectory() as folder:
            for made, kept in zip(certificate_for(NAME, Path(folder)), self._certified, strict=True):
                write_private(kept, made.read_text(), self.account)

    def _install(self) -> None:
        options = ["--auth-root-authentication-method=socket", "--skip-test-db"]
        command = [installed("mariadb-install-db"), "--no-defaults", *options, *self._options()]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env=ENVIRONMENT,
            preexec_fn=self.account.become,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")

    def _first_statements(self) -> str:
        zones = subprocess.run(
            [installed("mariadb-tzinfo-to-sql"), ZONES], capture_output=True, text=True, check=True
        )
        statements = FIRST_STATEMENTS.format(
            administrator=ADMINISTRATOR,
            word=self._administrators_word,
            user=self.user,
            password=self.password,
            name=self.name,
        )
        return f"USE mysql;\n{zones.stdout}\n{statements}"

    def _start(self, port: int) -> Child:
        self.port = port
        child = spawn(
            "MariaDB",
            [installed("mariadbd"), "--no-defaults", *self._options(), *self._doors(port)],
            log=self.home.parent / "logs" / "mariadb.log",
            directory=Path("/"),
            environ=ENVIRONMENT,
            become=self.account.become,
        )
        wait_until(self._answers, child, seconds=60)
        return child

    def _options(self) -> list[str]:
        """One that starts sweeps its folder of temporary tables: in a shared one, those of another."""
        folders = [f"--datadir={self.data}", f"--tmpdir={self.scratch}"]
        return [*folders, *(f"--{name}={value}" for name, value in SMALL.items())]

    def _doors(self, port: int) -> list[str]:
        return [
            f"--port={port}",
            f"--bind-address={self.host}",
            f"--socket={self.home / 'socket'}",
            f"--pid-file={self.home / 'pid'}",
            f"--init-file={self.home / 'first.sql'}",
            *(f"--ssl-{what}={file}" for what, file in zip(("cert", "key"), self._certified, strict=True)),
        ]

    def _answers(self) -> bool:
        try:
            with closing(self.connect()) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT @@datadir")
                (where,) = cursor.fetchone() or ("",)
        except pymysql.OperationalError:
            return False
        return Path(where) == self.data

    def _administrate(self, statement: str) -> None:
        administrator = self._connect(ADMINISTRATOR, self._administrators_word, None)
        with closing(administrator) as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def _connect(self, user: str, password: str, name: str | None) -> pymysql.Connection[Any]:
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=user,
            password=password,
            database=name,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=5,
        )
