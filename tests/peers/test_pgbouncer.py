"""The traps of a pooler in transaction mode are real: what a session sets, others find.

Ana and Bruno are two clients that never meet; each has a connection of its own to PgBouncer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.peers.pgbouncer import PgBouncer
from tests.plugins.services import run_database

pytestmark = pytest.mark.needs("pgbouncer")

Client = psycopg.Connection[Any]

SETTING = "SELECT current_setting('humana.organization', true)"
SERVER = "SELECT pg_backend_pid()"


def ask(client: Client, question: str) -> Any:
    row = client.execute(question).fetchone()
    return row and row[0]


def set_organization(client: Client, *, for_the_transaction_only: bool) -> None:
    client.execute("SELECT set_config('humana.organization', 'acme', %s)", [for_the_transaction_only])


@contextmanager
def two_clients(url: str) -> Iterator[tuple[Client, Client]]:
    with (
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as ana,
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as bruno,
    ):
        yield ana, bruno


@pytest.fixture
def pooled(pgbouncer: PgBouncer) -> Iterator[tuple[Client, Client]]:
    """Ana and Bruno at PgBouncer; the server's session that they used is left as it was."""
    with two_clients(pgbouncer.url()) as (ana, bruno):
        yield ana, bruno
        ana.execute("DISCARD ALL")
        assert not ask(bruno, SETTING)


def test_the_application_reaches_its_database_through_it(pooled: tuple[Client, Client]) -> None:
    ana, _ = pooled
    assert ask(ana, "SELECT current_user") == "humana_app"
    assert ask(ana, "SELECT current_database()") == run_database()


def test_nobody_comes_in_with_another_password(pgbouncer: PgBouncer) -> None:
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(pgbouncer.url(), password="guessed", connect_timeout=5)


def test_two_clients_take_turns_on_one_session_of_the_server(pooled: tuple[Client, Client]) -> None:
    ana, bruno = pooled
    assert ask(ana, SERVER) == ask(bruno, SERVER) == ask(ana, SERVER)


def test_who_is_in_a_transaction_has_the_session_alone(pooled: tuple[Client, Client]) -> None:
    ana, bruno = pooled
    with ana.transaction():
        assert ask(ana, SERVER) != ask(bruno, SERVER)
        assert ask(ana, SERVER) == ask(ana, SERVER)


def test_what_ana_sets_for_her_session_bruno_finds_in_his(pooled: tuple[Client, Client]) -> None:
    ana, bruno = pooled
    set_organization(ana, for_the_transaction_only=False)
    assert ask(bruno, SETTING) == "acme"


def test_without_the_pooler_bruno_finds_nothing(pgbouncer: PgBouncer) -> None:
    with two_clients(os.environ["DATABASE_URL"]) as (ana, bruno):
        set_organization(ana, for_the_transaction_only=False)
        assert ask(ana, SETTING) == "acme"
        assert not ask(bruno, SETTING)


def test_what_ana_sets_for_her_transaction_ends_with_it(pooled: tuple[Client, Client]) -> None:
    ana, bruno = pooled
    with ana.transaction():
        set_organization(ana, for_the_transaction_only=True)
        assert ask(ana, SETTING) == "acme"
        assert not ask(bruno, SETTING)
    assert not ask(ana, SETTING)
    assert not ask(bruno, SETTING)


def test_a_setting_given_when_connecting_is_refused(pgbouncer: PgBouncer) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(pgbouncer.url(), options="-c humana.organization=acme", connect_timeout=5)
