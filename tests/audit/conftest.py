"""Whoever owns the server, and worlds with a trail to look at."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World, build_world
from tests.plugins.services import Services

Connection = psycopg.Connection[Any]


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
def fresh(written: World, superuser: Connection) -> World:
    """The same with an empty trail, as if nothing had ever happened there."""
    own = [written.organization.id]
    superuser.execute("DELETE FROM audit_auditentry WHERE organization_id = %s", own)
    superuser.execute("DELETE FROM audit_audithead WHERE organization_id = %s", own)
    return written


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
