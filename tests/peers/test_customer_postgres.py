"""A customer's PostgreSQL: a server apart, and a role that owns its database and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.peers.customer_postgres import CustomerPostgres
from tests.plugins.services import Services

NOTES = """
CREATE SCHEMA humana;
CREATE TABLE humana.note (organization_id int, words text);
INSERT INTO humana.note VALUES (1, 'ours'), (2, 'theirs');
ALTER TABLE humana.note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON humana.note
    USING (organization_id = nullif(current_setting('humana.organization', true), '')::int);
"""


def ask(connection: psycopg.Connection[Any], question: sql.SQL | sql.Composed) -> Any:
    row = connection.execute(question).fetchone()
    return row and row[0]


@pytest.fixture
def books(customer_postgres: CustomerPostgres) -> Iterator[psycopg.Connection[Any]]:
    with customer_postgres.another_database("books_of_the_test"):
        with customer_postgres.connect("books_of_the_test") as connection:
            yield connection


def test_it_is_another_server_than_ours(customer_postgres: CustomerPostgres, services: Services) -> None:
    assert services.postgres is None or services.postgres.port != customer_postgres.port
    with customer_postgres.connect() as connection:
        known = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'humana%'").fetchall()
        assert known == []
        assert ask(connection, sql.SQL("SELECT current_database()")) == "customer_books"


def test_the_role_owns_its_database_and_has_no_power_beyond(books: psycopg.Connection[Any]) -> None:
    powers = books.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert powers == (False, False, False, False)
    owner = sql.SQL("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
    assert ask(books, owner) == "customer"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        books.execute("CREATE DATABASE another")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        books.execute("CREATE ROLE another")


def test_row_level_security_holds_the_owner_only_when_forced(books: psycopg.Connection[Any]) -> None:
    count = sql.SQL("SELECT count(*) FROM humana.note")
    books.execute(NOTES)
    books.execute("SELECT set_config('humana.organization', '1', false)")
    assert ask(books, count) == 2  # not forced: its owner sees everybody's
    books.execute("ALTER TABLE humana.note FORCE ROW LEVEL SECURITY")
    assert ask(books, count) == 1
    books.execute("SELECT set_config('humana.organization', '', false)")
    assert ask(books, count) == 0


def test_a_database_of_a_test_is_gone_after_it(customer_postgres: CustomerPostgres) -> None:
    with customer_postgres.another_database("books_for_a_moment"):
        forgotten = customer_postgres.connect("books_for_a_moment")
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        customer_postgres.connect("books_for_a_moment")
