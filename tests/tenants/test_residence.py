"""Writers and a move: nobody is half inside the old placement when the move flips."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connections

from companions.models import Value
from humana.kernel.errors import NotFound, Unavailable
from tenants.context import TenantContext, current_tenant, use_tenant
from tenants.db import replay, residence
from tenants.models import Isolation, Organization, Placement
from tenants.owner import owner_connection
from tenants.services.placing.places import own_placement
from tenants.threads import in_thread
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_copying import on_sqlite  # noqa: F401

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
def mover(world: World) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A move at its end, in a thread: set once it holds the residence, and to be told to let it go."""
    held, enough = threading.Event(), threading.Event()

    def move() -> None:
        with residence.taken(world.context):
            held.set()
            enough.wait(20)
        connections.close_all()

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield held, enough
    finally:
        enough.set()
        thread.join(20)


@contextmanager
def frozen(world: World) -> Iterator[None]:
    """What a move holds while it copies the last rows."""
    with mover(world) as (held, _enough):
        assert held.wait(10)
        yield


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
        connections.close_all()

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
    with ExitStack() as stack:
        with use_tenant(world.context), tenant_atomic():
            write("first")
            held, _enough = stack.enter_context(mover(world))
            assert not held.wait(0.5)
        assert held.wait(10)


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


def test_what_is_made_in_that_moment_is_made_in_the_other_database(
    world: World,
    on_sqlite: TenantContext,  # noqa: F811
) -> None:
    """Django names the database of `create()` before the transaction finds out where to write."""
    before = world.organization.placement
    flip(world, Placement.objects.get(id=on_sqlite.placement.id))
    with use_tenant(world.context):
        write("late")
        assert current_tenant().placement.id == on_sqlite.placement.id
    with use_tenant(on_sqlite):
        assert Value.objects.get().title == "late"
    flip(world, before)  # the file goes with the test
    assert titles(world, before) == ["Calm"]


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
    assert (refusal.value.status, refusal.value.code) == (503, _told(world))
    assert "never" not in titles(world, world.organization.placement)


def _told(world: World) -> str:
    """A file has one writer at a time, so who waits there does not know for whom."""
    with use_tenant(world.context):
        return "busy" if connections[world.placement.alias].vendor == "sqlite" else "moving"


def test_an_organization_that_is_gone_is_written_to_no_more(world: World) -> None:
    context = world.context
    with use_tenant(context):  # events of the control plane are seen, and deleted, only inside
        Organization.objects.filter(id=world.organization.id).delete()
    with use_tenant(context), pytest.raises(NotFound):
        write("never")
