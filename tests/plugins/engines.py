"""`--organizations-on=sqlite`: the same stories where each organization's rows have a database of their own.

Without the option an organization of a test lives in the pool, as one does that signs up. What a story
says must hold wherever its rows are. One that cannot carries why, and is skipped elsewhere:

    postgresql_only("…")    about PostgreSQL itself
    pool_only("…")          about what organizations share, or begins there
    writers_only("…")       two write at the same time, which a file does not know
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fixtures.engines import Database, Engine, Mysql, Schema, Sqlite, settle
from tests.plugins.databases import commits
from tests.plugins.services import Services

OPTION = "--organizations-on"
PLACES = {"pool", "schema", "database", "sqlite", "mysql"}
#: Where each marker lets a test run.
WHERE = {
    "postgresql_only": PLACES - {"sqlite", "mysql"},
    "pool_only": {"pool"},
    "writers_only": PLACES - {"sqlite"},
}
ENGINE = pytest.StashKey[Engine]()
COMMITTED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, choices=sorted(PLACES), default="pool", help="where organizations' rows live")


def pytest_configure(config: pytest.Config) -> None:
    for name, where in WHERE.items():
        config.addinivalue_line("markers", f"{name}(why): with {OPTION} only on {', '.join(sorted(where))}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    place = item.config.getoption(OPTION)
    for name, where in WHERE.items():
        marker = item.get_closest_marker(name)
        if marker is not None and place not in where:
            pytest.skip(f"{name.replace('_', ' ')}: {marker.args[0]}")
    engine = item.config.stash.get(ENGINE, None)
    if engine is not None:  # all fixtures of the test before have gone, and their transactions
        engine.tidy(committed=item.config.stash.get(COMMITTED, True))


@pytest.fixture(scope="session")
def organizations_engine(request: pytest.FixtureRequest, services: Services) -> Iterator[Engine | None]:
    """Where organizations are founded that would share the pool; None where they do."""
    place = request.config.getoption(OPTION)
    if place == "pool":
        yield None
        return
    made = request.config.stash[ENGINE] = engine_of(place, request, services)
    with founded_on(made):
        yield made
    del request.config.stash[ENGINE]
    made.close()


@pytest.fixture(autouse=True)
def _a_place_for_each(request: pytest.FixtureRequest, organizations_engine: Engine | None) -> Iterator[None]:
    """What is founded from here to the end of the test is its own; before, its module's."""
    if organizations_engine is None:
        yield
        return
    organizations_engine.tidy(committed=True)
    yield
    from tenants.db import aliases

    aliases.close_mine()
    request.config.stash[COMMITTED] = commits(request.node)


@contextmanager
def founded_on(engine: Engine) -> Iterator[None]:
    """Whoever founds an organization for a pool within the block founds it there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenants.services.organizations.settle", _settling(engine))
        yield


def engine_of(place: str, request: pytest.FixtureRequest, services: Services) -> Engine:
    if place == "sqlite":
        return Sqlite(services.home)
    if place == "mysql":
        return Mysql(request.getfixturevalue("mariadb"))
    return Schema(services) if place == "schema" else Database(services)


def _settling(engine: Engine) -> Any:
    from tenants.models import Isolation
    from tenants.services.placing import places

    def settled(*, organization: Any, isolation: str, pool: Any = None) -> None:
        """Who asks for a certain pool gets it."""
        if isolation == Isolation.ROW and pool is None:
            settle(engine, organization)
        else:
            places.settle(organization=organization, isolation=isolation, pool=pool)

    return settled
