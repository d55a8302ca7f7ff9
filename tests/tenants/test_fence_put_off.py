"""The fence is put off as the new placement is being named: neither waits for the other."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from tenants.db import fence
from tenants.models import Organization
from tenants.transactions import control_atomic
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)

_GIVE_UP = """
    SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def world() -> World:
    return build_world(f"mover-{uuid.uuid4().hex[:8]}")


def name_the_place(organization_id: uuid.UUID, seconds: float) -> None:
    """As a mover that gets little time: the row is held for a while before the fence is opened."""
    try:
        with fence.closed(organization_id) as open_in_time, control_atomic():
            Organization.objects.filter(id=organization_id).update(name="Moved")
            time.sleep(seconds)
            open_in_time()
    finally:
        connections.close_all()


def test_a_mover_that_names_the_place_is_not_held_up_by_its_own_fence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "RENEWED", 0.05)
    with ThreadPoolExecutor(1) as mover:
        named = mover.submit(name_the_place, world.organization.id, 0.5)
        try:
            named.result(30)
        finally:
            with connection.cursor() as cursor:  # or both would wait for ever, and this test with them
                cursor.execute(_GIVE_UP)
    found = Organization.objects.get(id=world.organization.id)
    assert (found.name, found.frozen_until) == ("Moved", None)


def test_it_is_put_off_for_as_long_as_its_mover_lives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "RENEWED", 0.05)

    def ends() -> Any:
        return Organization.objects.values_list("frozen_until", flat=True).get(id=world.organization.id)

    with fence.closed(world.organization.id) as open_in_time:
        first = ends()
        until = time.monotonic() + 20
        while ends() == first and time.monotonic() < until:
            time.sleep(0.05)
        assert ends() > first
        open_in_time()
    assert ends() is None
