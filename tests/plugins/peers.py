"""Databases that we did not write, for a whole run: started when a test first asks, stopped at the end.

    mariadb              a customer's MariaDB              `needs("mariadb")` by itself
    customer_postgres    a customer's PostgreSQL           a second server, one role of small power
    replicated_postgres  one with a replica                two servers; whole again after each test
    pgbouncer            transaction mode before ours      `needs("pgbouncer")` by itself
    mongodb              a customer's MongoDB              `needs("mongodb")` by itself

Each tells `host`, `port`, `user`, `password`, `name`, `url()`, and has `connect()`. The customers'
SQL servers have `another_database(name)` for a test that wants one of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.mariadb import MariaDB
from tests.peers.pgbouncer import PgBouncer
from tests.peers.replicated_postgres import ReplicatedPostgres
from tests.peers.secantus import CustomersMongo, MongoServer, Secantus, url_of_a_customer
from tests.plugins.needs import require
from tests.plugins.services import Services, in_database, run_database


@pytest.fixture(scope="session")
def mariadb(services: Services) -> Iterator[MariaDB]:
    """A customer's MariaDB."""
    require("mariadb")
    server = MariaDB(services.home / "mariadb")
    child = server.start()
    yield server
    child.stop()


@pytest.fixture(scope="session")
def customer_postgres(services: Services) -> Iterator[CustomerPostgres]:
    """A customer's PostgreSQL, another server than the one of the run."""
    server = CustomerPostgres(services.home / "customer")
    child = server.start()
    yield server
    child.stop()


@pytest.fixture(scope="session")
def _replicated(services: Services) -> Iterator[ReplicatedPostgres]:
    pair = ReplicatedPostgres(services.home / "replicated")
    pair.start()
    yield pair
    pair.stop()


@pytest.fixture
def replicated_postgres(_replicated: ReplicatedPostgres) -> Iterator[ReplicatedPostgres]:
    """A customer's PostgreSQL and the replica that streams from it, for a test to break as it likes."""
    yield _replicated
    _replicated.restore()


@pytest.fixture(scope="session")
def pgbouncer(services: Services, django_db_setup: None) -> Iterator[PgBouncer]:
    """PgBouncer before the run's own PostgreSQL, for the application's role.

    By itself it leads to the run's database: who asks first may stand in a clone, which is dropped.
    """
    require("pgbouncer")
    url = in_database(os.environ["DATABASE_URL"], run_database())
    server = PgBouncer(services.home / "pgbouncer", url)
    child = server.start()
    yield server
    child.stop()


@pytest.fixture(scope="session")
def mongodb(services: Services) -> Iterator[MongoServer]:
    """A customer's MongoDB: the one that HUMANA_MONGO_URL names, or a server of the run's own."""
    require("mongodb")
    if url := url_of_a_customer():
        yield CustomersMongo(url)
        return
    server = Secantus(services.home / "mongodb")
    child = server.start()
    yield server
    child.stop()
