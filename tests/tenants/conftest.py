"""Sentences are compared in English here; that each has a translation is shown elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.utils import translation

from tenants.db.replay import create_schema
from tenants.models import Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tests.tenants.releases import SCHEMAS
from tests.tenants.schemas import drop


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def any_database(cloned_database: str, django_db_blocker: Any) -> Iterator[None]:
    """Also those that are known only once the test is running; Django's test cases would refuse them."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def owner(any_database: None) -> Iterator[psycopg.Connection[Any]]:
    with owner_connection() as connection:
        yield connection


@pytest.fixture
def placements(owner: psycopg.Connection[Any], request: pytest.FixtureRequest) -> Iterator[list[Placement]]:
    """Organizations' own schemas beside the pool, all up to date; `param` says how many."""
    schemas = SCHEMAS[: getattr(request, "param", 4)]
    for schema in schemas:
        create_schema(owner, schema)
    yield [
        Placement.objects.create(name=f"Own {schema[-2:]}", schema_name=schema, isolation="schema")
        for schema in schemas
    ]
    PlacementJob.objects.all().delete()
    Organization.objects.all().delete()
    Placement.objects.exclude(schema_name="pool_main").delete()
    drop(owner, *schemas, "pool_main")
    create_schema(owner, "pool_main")
