"""What is wrong at a customer's server is said as it is, by real limits of real servers."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from django.db.utils import OperationalError
from psycopg import sql

from byoc.models import Endpoint
from byoc.services.databases import Address, join_server_at
from humana.kernel.errors import EndpointError, HumanaError, Invalid
from tenants.context import use_tenant, without_tenant
from tenants.db.unreachable import unreachable
from tests.egress.conftest import Names, names  # noqa: F401
from tests.fixtures.organizations import World
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.mariadb import MariaDB
from tests.tenants.test_customers_servers import (  # noqa: F401
    _databases_of_their_own,
    brings,
    brought,
    on_mariadb,
    one_role,
    two_roles,
    world,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("counts what an organization brought, and would find where it lives"),
]
ON_MARIADB = pytest.mark.needs("mariadb")


@pytest.fixture
def clerk(on_mariadb: Address, mariadb: MariaDB) -> Iterator[Address]:  # noqa: F811
    """A user of the customer's MariaDB who may do nothing yet."""
    name = f"clerk_{uuid.uuid4().hex[:6]}"
    mariadb._administrate(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY 'word'")
    yield replace(on_mariadb, user=name, password="word")
    mariadb._administrate(f"DROP USER '{name}'@'127.0.0.1'")


def may(mariadb: MariaDB, clerk: Address, rights: str, limit: str = "") -> None:
    mariadb._administrate(f"GRANT {rights} ON `{clerk.database}`.* TO '{clerk.user}'@'127.0.0.1' {limit}")


def entered(mariadb: MariaDB, clerk: Address) -> Any:
    return closing(mariadb._connect(clerk.user, clerk.password, clerk.database))


@ON_MARIADB
@pytest.mark.parametrize("rights", ["SELECT", "SELECT, CREATE, DROP", "ALL", "CREATE, DROP, ALTER, INDEX"])
def test_who_may_not_make_tables_is_told_so(
    world: World,  # noqa: F811
    clerk: Address,
    mariadb: MariaDB,
    rights: str,
) -> None:
    may(mariadb, clerk, rights)
    if rights == "ALL":
        brings(world, clerk)
    else:
        with pytest.raises(EndpointError, match="not every right"):
            brings(world, clerk)
    with entered(mariadb, clerk) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == (), "nothing is left of the look"


@ON_MARIADB
def test_a_user_of_too_many_connections_is_told_so(
    world: World,  # noqa: F811
    clerk: Address,
    mariadb: MariaDB,
) -> None:
    may(mariadb, clerk, "ALL", "WITH MAX_USER_CONNECTIONS 1")
    with entered(mariadb, clerk), pytest.raises(EndpointError, match="no connection left"):
        brings(world, clerk)


@contextmanager
def only_reading(mariadb: MariaDB) -> Iterator[None]:
    mariadb._administrate("SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        mariadb._administrate("SET GLOBAL read_only = 0")


@ON_MARIADB
def test_a_mariadb_that_only_reads_is_refused(
    world: World,  # noqa: F811
    on_mariadb: Address,  # noqa: F811
    mariadb: MariaDB,
) -> None:
    with only_reading(mariadb), pytest.raises(EndpointError, match="only reads"):
        brings(world, on_mariadb)


@ON_MARIADB
def test_one_that_begins_to_only_read_may_come_back(on_mariadb: Address, mariadb: MariaDB) -> None:  # noqa: F811
    with only_reading(mariadb), closing(mariadb.connect(on_mariadb.database)) as connection:
        with connection.cursor() as cursor, pytest.raises(pymysql.Error) as said:
            cursor.execute("CREATE TABLE theirs (id integer)")
    assert "only reads" in str(unreachable(said.value))
    assert not unreachable(said.value).permanent


def test_a_role_without_connections_is_told_so(
    world: World,  # noqa: F811
    one_role: Address,  # noqa: F811
    customer_postgres: CustomerPostgres,
) -> None:
    with customer_postgres.server.connect("postgres") as administrator:
        role = sql.Identifier(one_role.user)
        administrator.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 0").format(role))
        try:
            with pytest.raises(EndpointError, match="no connection left"):
                brings(world, one_role)
        finally:
            administrator.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT -1").format(role))


def test_who_may_not_make_temporary_tables_is_told_so(
    world: World,  # noqa: F811
    one_role: Address,  # noqa: F811
    customer_postgres: CustomerPostgres,
) -> None:
    with customer_postgres.server.connect("postgres") as administrator:
        names_of = [sql.Identifier(one_role.database), sql.Identifier(one_role.user)]
        administrator.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC, {}").format(*names_of))
    with pytest.raises(EndpointError, match="temporary tables"):
        brings(world, one_role)


@pytest.mark.parametrize(
    ("statement", "said", "permanent"),
    [
        ("SET default_transaction_read_only = on; CREATE TABLE theirs ()", "only reads", False),
        ("CREATE TABLE pg_catalog.theirs ()", "every right", True),
        ("SELECT * FROM missing", "as expected", False),
        ('SELECT * FROM "too many certificates"', "as expected", False),
    ],
)
def test_postgresql_is_understood_by_its_codes(
    one_role: Address,  # noqa: F811
    customer_postgres: CustomerPostgres,
    statement: str,
    said: str,
    permanent: bool,
) -> None:
    with customer_postgres.connect(one_role.database) as connection, pytest.raises(psycopg.Error) as error:
        for one in statement.split(";"):
            connection.execute(one.encode())
    assert said in str(unreachable(error.value))
    assert unreachable(error.value).permanent == permanent


def test_a_full_disk_of_a_file_is_said(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "books")) as connection:
        connection.execute("CREATE TABLE books (words text)")
        connection.execute("PRAGMA max_page_count = 3")
        with pytest.raises(sqlite3.OperationalError) as said:
            connection.execute("INSERT INTO books VALUES (?)", ["word" * 9000])
    assert "disk is full" in str(unreachable(OperationalError(*said.value.args)))


@pytest.mark.parametrize("name", ["tls.example", "certificate.example", "access-denied.example"])
def test_the_name_of_a_server_says_nothing(
    world: World,  # noqa: F811
    brought: Address,  # noqa: F811
    names: Names,  # noqa: F811
    name: str,
) -> None:
    names(name, ["127.0.0.1"])
    with pytest.raises(EndpointError, match="does not answer"):
        brings(world, replace(brought, host=name, port=1))


TRICKS = ["service=x host=/tmp", "x' host='/tmp", "postgresql://other.example/x", "books?host=/tmp"]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_name_that_looks_like_an_address_stays_a_name(
    world: World,  # noqa: F811
    brought: Address,  # noqa: F811
    trick: str,
) -> None:
    """The server that was told is asked, and knows nobody and nothing of that name."""
    said = "no database of this name" if brought.engine == "postgresql" else "user or the password"
    with pytest.raises(EndpointError, match=said):
        brings(world, replace(brought, database=trick))
    with pytest.raises(EndpointError, match="user or the password"):
        brings(world, replace(brought, user=trick))


HOSTS = ["a.example,b.example", "127.0.0.1?host=/tmp", "/tmp", "127.0.0.1/x", "a.example:1,b.example", ""]


@pytest.mark.parametrize("host", HOSTS)
def test_one_server_is_one_name(world: World, brought: Address, host: str) -> None:  # noqa: F811
    with pytest.raises(HumanaError) as said:
        brings(world, replace(brought, host=host))
    assert said.value.code in {"forbidden", "invalid"}
    with use_tenant(world.context):
        assert not Endpoint.objects.filter(organization=world.organization, kind="database").exists()


@pytest.mark.parametrize("sslmode", ["prefer", "allow", "", "verify", "disable "])
def test_encryption_is_never_left_to_who_is_in_between(
    world: World,  # noqa: F811
    brought: Address,  # noqa: F811
    sslmode: str,
) -> None:
    with pytest.raises(Invalid, match="encrypted"):
        brings(world, replace(brought, sslmode=sslmode))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@a.example,b.example/books",
        "postgresql://u:p@127.0.0.1:1,127.0.0.1:2/books",
        "postgresql://u:p@127.0.0.1/books?host=/tmp",
        "postgresql://u:p@127.0.0.1/books?sslmode=disable&hostaddr=10.0.0.1",
        "postgresql://u:p@127.0.0.1/books?sslmode=prefer",
        "postgresql://u:p@127.0.0.1/books?service",
        "postgresql:///books?host=/tmp",
        "service=x host=/tmp",
    ],
)
def test_an_address_of_ours_says_one_server_too(cloned_database: str, url: str) -> None:
    with pytest.raises(HumanaError) as said:
        join_server_at(name="Second", url=url)
    assert said.value.code in {"forbidden", "invalid"}
    with without_tenant(reason="a test reads the platform's endpoints"):
        assert not Endpoint.objects.filter(organization=None).exists()


def test_the_guards_refusal_is_in_the_readers_language(
    world: World,  # noqa: F811
    one_role: Address,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def translated(sentence: str) -> str:
        return {"The name %(host)s cannot be found.": "Ninguém conhece %(host)s."}.get(sentence, sentence)

    monkeypatch.setattr("byoc.databases._", translated)
    with pytest.raises(HumanaError, match=r"Ninguém conhece nowhere\.invalid\."):
        brings(world, replace(one_role, host="nowhere.invalid"))


def test_a_postgresql_address_is_told_how_one_begins(world: World, one_role: Address) -> None:  # noqa: F811
    with pytest.raises(HumanaError, match=r"begin with postgresql://"):
        brings(world, replace(one_role, host=""))


@pytest.mark.parametrize(
    "words",
    [
        "consuming input failed: SSL error: unexpected eof while reading",
        "sending query failed: could not send SSL data: Connection reset by peer",
        "sending query failed: Broken pipe",
    ],
)
def test_a_connection_that_was_encrypted_and_ended_is_tried_again(words: str) -> None:
    """Nothing is wrong with the certificate: it held until then."""
    said = unreachable(psycopg.OperationalError(words))
    assert "does not answer" in str(said)
    assert not said.permanent
