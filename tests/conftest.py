"""What every test has: no deadline, and no organization left open for the next one."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tenants.context import peek_tenant

# Timing is never a test.
settings.register_profile("humana", deadline=None)
settings.load_profile("humana")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector looked through it for a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(autouse=True)
def _no_organization_left_behind() -> Iterator[None]:
    """A test that stays inside an organization would lend it to the next one."""
    yield
    assert peek_tenant() is None, "the test left its organization's context open"
    _back_to_public()


def _back_to_public() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if connection.schema_name != "public":
            connection.set_schema_to_public()
