"""Here the look-alikes are built once for a module and committed: other connections see them too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.fixtures.organizations import World, build_world

Connection = psycopg.Connection[Any]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "guards: switches a guard off and sees the matrix notice it")


@pytest.fixture(scope="module")
def look_alikes(cloned_database: str, django_db_blocker: Any) -> tuple[World, World]:
    with django_db_blocker.unblock():
        return build_world("left"), build_world("right")


@pytest.fixture
def left(look_alikes: tuple[World, World]) -> World:
    return look_alikes[0]


@pytest.fixture
def right(look_alikes: tuple[World, World]) -> World:
    return look_alikes[1]


@pytest.fixture(scope="module")
def _app_connection(cloned_database: str) -> Iterator[Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        yield connection


@pytest.fixture
def app_sql(_app_connection: Connection, look_alikes: tuple[World, World]) -> Iterator[Connection]:
    """SQL as the application's role, past Django; nothing of it stays."""
    yield _app_connection
    _app_connection.rollback()


@pytest.fixture
def owner_sql(look_alikes: tuple[World, World]) -> Iterator[Connection]:
    """SQL as the owner of the tables, committed at once: for switching a guard off and on again."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("SET search_path = pool_main, public")
        yield connection
