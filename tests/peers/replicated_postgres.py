"""A customer's PostgreSQL and its replica, which streams from it: two servers, each with its own port.

A test may stop, silence and promote them. `restore` makes the pair whole again, whatever was done to it;
the ports stay the same, as the addresses of real servers do.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from humana.embedded import postgres
from humana.embedded.account import Place, find_place
from humana.embedded.postgres import SUPERUSER, THROWAWAY, Postgres
from humana.embedded.process import CannotStart, Child, free_port
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.server import DatabaseServer

STREAMING = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "max_replication_slots": "4",
    "hot_standby": "on",
    "synchronous_commit": "local",  # a write that was answered survives `kill`
    "wal_receiver_timeout": "5s",
    "wal_retrieve_retry_interval": "200ms",
    "max_standby_streaming_delay": "2s",
}


class Replica(DatabaseServer):
    """What streams from the primary. It knows the same role, password and databases."""

    def __init__(self, home: Path, primary: CustomerPostgres) -> None:
        super().__init__(user=primary.user, password=primary.password, name=primary.name)
        self.primary = primary
        self.server = Postgres(home, primary.server.passwords, settings=THROWAWAY | STREAMING)

    def connect(self, name: str = "") -> psycopg.Connection[Any]:
        """A connection of the customer's role, in autocommit."""
        return psycopg.connect(self.url(name), autocommit=True, connect_timeout=5)

    def clone(self) -> None:
        """Its data anew, copied from the primary."""
        self.server.home.mkdir(parents=True, exist_ok=True)
        place = _place(self.server)
        shutil.rmtree(place.data, ignore_errors=True)
        place.data.mkdir(mode=0o700)
        place.account.own(place.data)
        done = subprocess.run(
            [
                place.programs / "pg_basebackup",
                *("-d", self.primary.server.url(SUPERUSER, "postgres"), "-D", place.data),
                *("-R", "-X", "stream", "--checkpoint=fast", "--no-sync"),
            ],
            capture_output=True, text=True, cwd="/", check=False,
            env=postgres._environment(), preexec_fn=place.account.become,
        )  # fmt: skip
        if done.returncode:
            raise CannotStart(f"pg_basebackup failed:\n{done.stdout}{done.stderr}")


class ReplicatedPostgres:
    """`primary` and `replica`. What is written at the first is soon read at the second."""

    def __init__(self, home: Path) -> None:
        self.primary = CustomerPostgres(home / "primary", STREAMING)
        self.replica = Replica(home / "replica", self.primary)

    def start(self) -> None:
        """Start both, the second as the first one's replica; CannotStart with the log."""
        self.primary.start()
        self.replica.clone()
        self.replica.port = free_port()
        _start(self.replica)
        self.caught_up()

    def stop(self) -> None:
        for peer in (self.replica, self.primary):
            wake(peer)
            if alive(peer):
                _child(peer).stop()

    def caught_up(self, seconds: float = 20.0) -> None:
        """Wait until the replica has what the primary has now."""
        wanted = _ask(self.primary, "SELECT pg_current_wal_lsn()::text")
        query = f"SELECT coalesce(pg_last_wal_replay_lsn() >= '{wanted}'::pg_lsn, false)"
        _until(lambda: bool(_ask(self.replica, query)), seconds, "the replica did not catch up")

    def promote(self) -> None:
        """The replica takes writes from now on, as its owner would make it do."""
        assert _ask(self.replica, "SELECT pg_promote(true, 20)"), "the replica was not promoted"

    @contextmanager
    def falling_behind(self) -> Iterator[None]:
        """Within the block the replica replays nothing of what it receives."""
        _ask(self.replica, "SELECT pg_wal_replay_pause()")
        paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
        _until(lambda: bool(_ask(self.replica, paused)), 10, "replay went on")
        try:
            yield
        finally:
            _ask(self.replica, "SELECT pg_wal_replay_resume()")

    def restore(self) -> None:
        """Both run, and the replica follows the primary. What was written after a promotion is lost."""
        for peer in (self.primary, self.replica):
            wake(peer)
            if not alive(peer):
                _start(peer)
        if not _ask(self.replica, "SELECT pg_is_in_recovery()"):
            kill(self.replica)
            self.replica.clone()
            _start(self.replica)
        self.caught_up()


def kill(peer: CustomerPostgres | Replica) -> None:
    """It is gone at once, as when somebody pulls the plug; its address refuses connections."""
    wake(peer)
    if alive(peer):
        _child(peer).process.send_signal(signal.SIGQUIT)
        _child(peer).process.wait(20)


def start_again(peer: CustomerPostgres | Replica) -> None:
    """The same data, the same port; what it was when it went."""
    if not alive(peer):
        _start(peer)


def silence(peer: CustomerPostgres | Replica) -> None:
    """A black hole: its address takes connections, and nothing ever comes back."""
    _signal(peer, signal.SIGSTOP)


def wake(peer: CustomerPostgres | Replica) -> None:
    """It answers again after `silence`."""
    _signal(peer, signal.SIGCONT)


def _signal(peer: CustomerPostgres | Replica, what: signal.Signals) -> None:
    """One that ended since it was counted needs none."""
    for pid in _processes(peer):
        with suppress(ProcessLookupError):
            os.kill(pid, what)


def alive(peer: CustomerPostgres | Replica) -> bool:
    return peer.server.child is not None and peer.server.child.alive


def _start(peer: CustomerPostgres | Replica) -> None:
    """At the port it had before."""
    place = _place(peer.server)
    postgres._wait_for_predecessor(place.data)
    peer.server.data = place.data
    peer.server.child = peer.server._start(place, peer.port)


def _place(server: Postgres) -> Place:
    return find_place(postgres._programs(), server.home / "postgres")


def _child(peer: CustomerPostgres | Replica) -> Child:
    assert peer.server.child is not None
    return peer.server.child


def _processes(peer: CustomerPostgres | Replica) -> list[int]:
    """The postmaster, which is stopped first, and its children."""
    if not alive(peer):
        return []
    pid = _child(peer).process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def _ask(peer: CustomerPostgres | Replica, query: str | LiteralString) -> Any:
    with peer.server.connect("postgres") as administrator:
        row = administrator.execute(query.encode()).fetchone()
    return row and row[0]


def _until(holds: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
