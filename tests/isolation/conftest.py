"""Here the look-alikes are built once for the folder and committed: other connections see them too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from typing import Any

import psycopg
import pytest

from tenants.models import Organization
from tests.fixtures.engines import Engine
from tests.fixtures.organizations import World
from tests.isolation.crowd import gather
from tests.isolation.worlds import Pair, app_connection, build_worlds, nothing_stays, owner_at, raze
from tests.plugins.databases import CLONE, MIGRATED, commits, create, drop, pointing_at
from tests.plugins.services import Services

Connection = psycopg.Connection[Any]
At = Callable[[World], Connection]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "guards: switches a guard off and sees the matrix notice it")


@pytest.fixture(scope="package")
def cloned_database(services: Services, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """One for all modules here: six organizations with placements of their own are not built twice."""
    drop(CLONE, services)
    create(CLONE, template=MIGRATED)
    if services.valkey is not None:
        services.valkey.forget_everything()
    with django_db_blocker.unblock(), pointing_at(CLONE):
        yield CLONE
    drop(CLONE, services)


@pytest.fixture(scope="package")
def worlds(
    cloned_database: str, services: Services, organizations_engine: Engine | None
) -> Iterator[dict[Pair, World]]:
    built = build_worlds(in_pool=organizations_engine is None)
    yield built
    raze(list(built.values()), services)


@pytest.fixture(scope="package")
def crowd(worlds: dict[Pair, World], services: Services) -> Iterator[dict[str, list[Organization]]]:
    """Small organizations for traffic, founded after the look-alikes: those share the first pool."""
    gathered = gather()
    yield gathered
    raze([one for alike in gathered.values() for one in alike], services)


@pytest.fixture
def look_alikes(request: pytest.FixtureRequest, worlds: dict[Pair, World]) -> Iterator[tuple[World, World]]:
    """Two in one pool, unless the test asks for `every_pair`."""
    left, right = getattr(request, "param", ("row", "row"))
    pair = worlds[left, "left"], worlds[right, "right"]
    with nullcontext() if commits(request.node) else nothing_stays(*pair):
        yield pair


@pytest.fixture
def left(look_alikes: tuple[World, World]) -> World:
    return look_alikes[0]


@pytest.fixture
def right(look_alikes: tuple[World, World]) -> World:
    return look_alikes[1]


@pytest.fixture(scope="package")
def _app_connections(worlds: dict[Pair, World]) -> Iterator[dict[str, Connection]]:
    """By alias, opened when first asked for."""
    opened: dict[str, Connection] = {}
    yield opened
    for connection in opened.values():
        connection.close()


@pytest.fixture
def app_at(_app_connections: dict[str, Connection], look_alikes: object) -> Iterator[At]:
    """SQL as the application's role, past Django, where a world lives; nothing of it stays."""

    def at(world: World) -> Connection:
        alias = world.placement.alias
        if alias not in _app_connections:
            _app_connections[alias] = app_connection(world)
        return _app_connections[alias]

    yield at
    for connection in _app_connections.values():
        connection.rollback()


@pytest.fixture
def app_sql(app_at: At, right: World) -> Connection:
    """The same, where `right` lives."""
    return app_at(right)


@pytest.fixture
def owner_sql_at(look_alikes: object) -> Iterator[At]:
    """SQL as the owner of the tables, committed at once: for switching a guard off and on again."""
    with ExitStack() as opened:
        yield lambda world: opened.enter_context(owner_at(world))


@pytest.fixture
def owner_sql(owner_sql_at: At, left: World) -> Connection:
    return owner_sql_at(left)
