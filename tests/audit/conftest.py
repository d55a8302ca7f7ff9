"""Whoever owns the server, and worlds with a trail to look at."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections

from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World, build_world
from tests.plugins.services import Services

Connection = psycopg.Connection[Any]
#: Does what it is told to the rows of a world, past everything we wrote; how many it touched.
Hand = Callable[[World, str], int]


def note(number: object) -> None:
    record_trail(action="test.noted", resource_type="note", resource_id=number)


@pytest.fixture
def written(cloned_database: str, transactional_db: None) -> World:
    """A committed organization with a trail of a few entries. Use with `transaction=True`."""
    world = build_world(f"chain-{uuid.uuid4().hex[:8]}")
    with use_tenant(world.context):
        for number in range(5):
            with tenant_atomic():
                note(number)
    return world


@pytest.fixture
def fresh(written: World, by_hand: Hand) -> World:
    """The same with an empty trail, as if nothing had ever happened there."""
    by_hand(written, "DELETE FROM audit_auditentry WHERE {own}")
    by_hand(written, "DELETE FROM audit_audithead WHERE {own}")
    return written


@pytest.fixture
def by_hand(request: pytest.FixtureRequest, cloned_database: str) -> Hand:
    """Who owns the server at work, a statement committed at once; `{own}` names the organization.

    Where rows have no row-level security, the application's own role is as powerful.
    """

    def work(world: World, statement: str) -> int:
        told = statement.format(own=f"organization_id = '{world.organization.id.hex}'")
        with use_tenant(world.context):
            connection = connections[world.placement.alias]
            if connection.vendor != "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(told)
                    return int(cursor.rowcount)
        superuser: Connection = request.getfixturevalue("superuser")
        return superuser.execute(told).rowcount  # type: ignore[call-overload, no-any-return]

    return work


@pytest.fixture
def superuser(services: Services, cloned_database: str) -> Iterator[Connection]:
    """Whoever owns the server may do anything; every statement is committed at once."""
    if services.postgres is None:
        pytest.skip("needs a server of our own: nobody lends a superuser")
    with services.postgres.connect(cloned_database) as connection:
        connection.autocommit = True
        connection.execute("SET search_path = pool_main, public")
        yield connection


@pytest.fixture
def owner(cloned_database: str) -> Iterator[Connection]:
    """The owner of the tables, held by row-level security like everybody."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("SET search_path = pool_main, public")
        yield connection
