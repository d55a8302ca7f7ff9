"""One database migrated once, as the owner; everything else runs as the application's role.

    ordinary `django_db` tests            that database, each in a transaction rolled back
    `transaction=True`, live server,
    browser tests                         a clone of it for their module, dropped afterwards

Nothing is ever flushed: the application may not TRUNCATE, and a clone takes a tenth of a second.
A clone keeps what its module's earlier tests committed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tenants import roles_sql
from tests.plugins.services import Services, in_database, run_database

MIGRATED = f"{run_database()}_migrated"  # nobody connects to it, so it can be copied any time
CLONE = f"{run_database()}_clone"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: a journey through a real browser")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever commits gets a clone, without asking."""
    for item in items:
        if commits(item) and isinstance(item, pytest.Function):
            item.fixturenames.insert(0, "cloned_database")


def commits(item: pytest.Item) -> bool:
    """Whether the test leaves rows behind that no rollback removes."""
    marker = item.get_closest_marker("django_db")
    transactional = marker is not None and bool(marker.kwargs.get("transaction"))
    asked = {"transactional_db", "live_server", "django_db_reset_sequences"}
    wanted = asked & set(getattr(item, "fixturenames", ()))
    return transactional or bool(wanted) or item.get_closest_marker("browser") is not None


@pytest.fixture(scope="session")
def django_db_setup(
    services: Services, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Create, migrate and keep a copy. Replaces pytest-django's fixture of this name."""
    from django.core.management import call_command
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = _leave_rows  # type: ignore[method-assign]
    create(run_database(), template="template1")
    try:
        with django_db_blocker.unblock():
            call_command("migrate", verbosity=0, interactive=False)
            assert_application_role()
            disconnect()
        create(MIGRATED, template=run_database())
        yield
    finally:
        with django_db_blocker.unblock():
            disconnect()
        for name in (CLONE, MIGRATED, run_database()):
            drop(name, services)


@pytest.fixture(scope="module")
def cloned_database(services: Services, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of this module's own; processes started meanwhile find it in DATABASE_URL."""
    drop(CLONE, services)
    create(CLONE, template=MIGRATED)
    if services.valkey is not None:
        services.valkey.forget_everything()  # nor do messages about the rows of an earlier clone wait here
    with django_db_blocker.unblock(), pointing_at(CLONE):
        yield CLONE
    drop(CLONE, services)


@pytest.fixture(autouse=True)
def _nothing_remembered(request: pytest.FixtureRequest, services: Services) -> None:
    """Rows are rolled back, so what was cached about them must go too. Only on our own server."""
    if services.valkey is not None and not commits(request.node):
        services.valkey.forget_everything()


@contextmanager
def pointing_at(name: str) -> Iterator[None]:
    """Let this process, and those it starts, work with database `name`."""
    from django.conf import settings
    from django.db import connections

    default = connections.settings["default"]
    before = default["NAME"]
    _point(settings, default, name)
    try:
        yield
    finally:
        _point(settings, default, before)


def _point(settings: Any, default: dict[str, Any], name: str) -> None:
    disconnect()
    default["NAME"] = name
    from django.db import connections

    connections["default"].settings_dict["NAME"] = name
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ[variable] = in_database(os.environ[variable], name)
    settings.DATABASE_OWNER_URL = os.environ["DATABASE_OWNER_URL"]


def disconnect() -> None:
    """Close this thread's connections and the pools behind everybody's."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()


def assert_application_role() -> None:
    """The tests must be held by what holds the application."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        role, powerful = cursor.fetchone()
    app = roles_sql.Role.from_url(os.environ["DATABASE_URL"])
    assert role == app.name, f"tests connect as {role}, not as the application's role"
    assert not powerful, f"{role} steps around row-level security"


def create(name: str, *, template: str) -> None:
    """Create a database as the owner, with the application's grants in it."""
    owner = roles_sql.Role.from_url(os.environ["DATABASE_OWNER_URL"])
    app = roles_sql.Role.from_url(os.environ["DATABASE_URL"])
    with _owner("postgres") as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    with _owner(name) as connection:
        roles_sql.ensure_grants(connection, owner=owner, app=app)


def drop(name: str, services: Services) -> None:
    """Drop a database, with whoever is still connected where we may end sessions."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    if services.postgres is not None:
        with services.postgres.connect("postgres") as connection:
            connection.execute(statement)
    else:
        with _owner("postgres") as connection:
            connection.execute(statement)


def _owner(database: str) -> psycopg.Connection[Any]:
    url = in_database(os.environ["DATABASE_OWNER_URL"], database)
    return psycopg.connect(url, autocommit=True, connect_timeout=5)


def _leave_rows(self: Any) -> None:
    """Instead of Django's flush after transactional tests: the clone is dropped."""
