"""A primary and its replica: what is written is followed, what is broken is whole again afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.peers.replicated_postgres import ReplicatedPostgres, kill, silence, start_again, wake


@contextmanager
def noted(pair: ReplicatedPostgres, words: str) -> Iterator[None]:
    """A table at the primary with one note in it."""
    with pair.primary.connect() as primary:
        primary.execute("CREATE TABLE note (words text)")
        primary.execute("INSERT INTO note VALUES (%s)", [words])
    pair.caught_up()
    try:
        yield
    finally:
        start_again(pair.primary)
        with pair.primary.connect() as primary:
            primary.execute("DROP TABLE note")


def test_the_replica_follows_and_takes_no_writes(replicated_postgres: ReplicatedPostgres) -> None:
    pair = replicated_postgres
    with noted(pair, "streamed"), pair.replica.connect() as replica:
        assert replica.execute("SELECT words FROM note").fetchall() == [("streamed",)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            replica.execute("INSERT INTO note VALUES ('mine')")
        with pair.falling_behind(), pair.primary.connect() as primary:
            primary.execute("INSERT INTO note VALUES ('not yet')")
            assert replica.execute("SELECT words FROM note").fetchall() == [("streamed",)]


def test_a_promoted_replica_takes_writes(replicated_postgres: ReplicatedPostgres) -> None:
    pair = replicated_postgres
    with noted(pair, "before"):
        kill(pair.primary)
        with pytest.raises(psycopg.OperationalError):
            pair.primary.connect()
        pair.promote()
        with pair.replica.connect() as replica:
            replica.execute("INSERT INTO note VALUES ('after')")
            assert replica.execute("SELECT words FROM note").fetchall() == [("before",), ("after",)]


def test_a_silent_primary_lets_people_in_and_says_nothing(replicated_postgres: ReplicatedPostgres) -> None:
    pair = replicated_postgres
    silence(pair.primary)
    with pytest.raises(psycopg.errors.ConnectionTimeout):
        psycopg.connect(pair.primary.url(), connect_timeout=2)
    wake(pair.primary)
    with pair.primary.connect() as primary:
        assert primary.execute("SELECT 1").fetchone() == (1,)
