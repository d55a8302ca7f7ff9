"""What Humana may expect of a customer's MariaDB, and what such a customer gives us there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest

from tests.peers.mariadb import MariaDB

pytestmark = pytest.mark.needs("mariadb")

GREETING = "Olá, São Paulo 👩🏽‍💻 𝒜"


class Books:
    """A customer's session in a database of the test's own."""

    def __init__(self, connection: pymysql.Connection[Any]) -> None:
        self.connection = connection

    def ask(self, question: str, *arguments: object) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(question, arguments)
            row = cursor.fetchone()
        return row and row[0]


@pytest.fixture
def books(mariadb: MariaDB) -> Iterator[Books]:
    with mariadb.another_database("books_of_the_test"):
        with closing(mariadb.connect("books_of_the_test")) as connection:
            yield Books(connection)


def test_the_address_is_of_a_real_mariadb(mariadb: MariaDB, books: Books) -> None:
    assert "MariaDB" in books.ask("SELECT version()")
    assert mariadb.url() == f"mysql://customer:{mariadb.password}@127.0.0.1:{mariadb.port}/customer_books"


def test_the_customers_user_has_its_databases_and_nothing_else(books: Books) -> None:
    assert books.ask("SELECT current_user()") == "customer@127.0.0.1"
    with books.connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES")
        seen = {name for (name,) in cursor.fetchall()}
    assert seen == {"information_schema", "customer_books", "books_of_the_test"}
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        books.ask("CREATE DATABASE another")


def test_one_that_starts_beside_it_does_not_sweep_its_temporary_tables_away(
    mariadb: MariaDB, books: Books
) -> None:
    assert books.ask("SELECT @@tmpdir").startswith(f"{mariadb.home}/"), "a folder of its own"


@pytest.mark.parametrize("user", ["root", "administrator", "customer", ""])
def test_nobody_comes_in_without_a_password(mariadb: MariaDB, user: str) -> None:
    with pytest.raises(pymysql.OperationalError, match=r"Access denied|not allowed"):
        pymysql.connect(host=mariadb.host, port=mariadb.port, user=user)


def test_a_table_keeps_every_letter_and_emoji(books: Books) -> None:
    books.ask("CREATE TABLE greeting (words varchar(100))")
    books.ask("INSERT INTO greeting VALUES (%s)", GREETING)
    assert books.ask("SELECT words FROM greeting") == GREETING
    assert books.ask("SELECT char_length(words) FROM greeting") == len(GREETING)


def test_a_table_in_the_old_utf8_would_lose_them(books: Books) -> None:
    books.ask("CREATE TABLE greeting (words varchar(100)) CHARACTER SET utf8mb3")
    with pytest.raises(pymysql.DataError, match="Incorrect string value"):
        books.ask("INSERT INTO greeting VALUES (%s)", GREETING)


@pytest.mark.parametrize(
    ("zone", "local"),
    [("America/Sao_Paulo", 9), ("Europe/Lisbon", 13), ("UTC", 12), ("Nowhere/Atlantis", None)],
)
def test_it_knows_the_time_zones(books: Books, zone: str, local: int | None) -> None:
    """Django asks it to convert; a zone that it lacks gives NULL, not an error."""
    assert books.ask("SELECT hour(convert_tz('2026-07-01 12:00', 'UTC', %s))", zone) == local


def test_a_database_of_a_test_is_gone_after_it(mariadb: MariaDB) -> None:
    with mariadb.another_database("books_for_a_moment"):
        mariadb.connect("books_for_a_moment").close()
    with pytest.raises(pymysql.OperationalError, match=r"Access denied|Unknown database"):
        mariadb.connect("books_for_a_moment")
