"""Writers and a move: nobody is half inside the old placement when the move flips."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from companions.models import Value
from humana.kernel.errors import NotFound, Unavailable
from tenants.context import current_tenant, use_tenant
from tenants.db import replay, residence
from tenants.models import Isolation, Organization, Placement
from tenants.owner import owner_connection
from tenants.services.placing.places import own_placement
from tenants.threads import in_thread
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"mover-{time.monotonic_ns():x}")


@pytest.fixture
def elsewhere(world: World) -> Placement:
    """A schema made ready for the organization, which still lives in the pool."""
    placement = own_placement(organization=world.organization, isolation=Isolation.SCHEMA, database="default")
    with owner_connection() as owner:
        replay.create_schema(owner, placement.schema_name)
    return placement


@contextmanager
def frozen(world: World) -> Iterator[Any]:
    """What a move holds while it copies the last rows."""
    with owner_connection() as mover:
        mover.execute("SELECT pg_advisory_lock(%s)", [residence.lock_of(world.organization.id)])
        yield mover


def flip(world: World, placement: Placement) -> None:
    Organization.objects.filter(id=world.organization.id).update(placement=placement)


def titles(world: World, placement: Placement) -> list[str]:
    with use_tenant(world.organization.at(placement)):
        return list(Value.objects.order_by("position").values_list("title", flat=True))


def write(title: str) -> None:
    Value.objects.create(title=title, description="while moving", position=99)


def test_a_writer_waits_for_the_move_and_writes_at_the_new_placement(
    world: World, elsewhere: Placement
) -> None:
    def person() -> None:
        with use_tenant(world.context), tenant_atomic():
            write("late")
        connection.close()

    with frozen(world):
        thread = threading.Thread(target=person)
        thread.start()
        time.sleep(0.3)
        assert thread.is_alive(), "it does not write while the move is at its end"
        flip(world, elsewhere)
    thread.join(10)
    assert titles(world, elsewhere) == ["late"]
    assert "late" not in titles(world, world.organization.placement)


def test_people_read_on_meanwhile(world: World) -> None:
    with frozen(world), use_tenant(world.context):
        assert Value.objects.count() == 1


def test_the_move_waits_for_who_is_writing(world: World) -> None:
    key = residence.lock_of(world.organization.id)
    with owner_connection() as mover:
        with use_tenant(world.context), tenant_atomic():
            write("first")
            assert mover.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() == (False,)
        assert mover.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() == (True,)


def test_without_the_residence_the_row_would_be_lost(
    world: World, elsewhere: Placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off: the late row stays behind in the old placement."""
    monkeypatch.setattr("tenants.transactions.lives_here", lambda connection: True)
    with use_tenant(world.context):
        flip(world, elsewhere)
        with tenant_atomic():
            write("late")
    assert titles(world, elsewhere) == []


@pytest.mark.parametrize("how", ["save", "update", "bulk_create", "delete"])
def test_every_single_write_asks_too(how: str, world: World, elsewhere: Placement) -> None:
    flip(world, elsewhere)
    with use_tenant(world.context):
        {
            "save": lambda: write("one"),
            "update": lambda: Value.objects.update(title="one"),
            "bulk_create": lambda: Value.objects.bulk_create([Value(title="one", description="x")]),
            "delete": lambda: Value.objects.all().delete(),
        }[how]()
        assert current_tenant().placement.id == elsewhere.id
    assert titles(world, world.organization.placement) == ["Calm"], "the old placement is as it was"


def test_a_long_answer_ends_at_the_new_placement(world: World, elsewhere: Placement) -> None:
    """A block outlives the move; what it does in other threads goes on at the new placement too."""

    async def answer() -> None:
        with use_tenant(world.context):
            await in_thread(write, "checkpoint")
            await in_thread(flip, world, elsewhere)
            await in_thread(write, "the end")
            assert current_tenant().placement.id == elsewhere.id
            assert await in_thread(Value.objects.count) == 1

    asyncio.run(answer())
    assert titles(world, elsewhere) == ["the end"]
    assert "checkpoint" in titles(world, world.organization.placement)


def test_patience_has_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residence, "PATIENCE", 0.2)
    with frozen(world), use_tenant(world.context), pytest.raises(Unavailable) as refusal:
        write("never")
    assert (refusal.value.status, refusal.value.code) == (503, "moving")
    assert "never" not in titles(world, world.organization.placement)


def test_an_organization_that_is_gone_is_written_to_no_more(world: World) -> None:
    context = world.context
    with use_tenant(context):  # events of the control plane are seen, and deleted, only inside
        Organization.objects.filter(id=world.organization.id).delete()
    with use_tenant(context), pytest.raises(NotFound):
        write("never")
