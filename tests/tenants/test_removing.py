"""An organization is removed: of everything it had nothing is left, and its neighbours miss nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.db.models import RestrictedError

from chats import signals
from chats.models import Run
from chats.streaming import RunStream, Text, close_valkey, valkey
from humana.kernel.errors import HumanaError, NotFound
from tenants.context import use_tenant
from tenants.files import folder_of
from tenants.models import (
    Isolation,
    Organization,
    Placement,
    PlacementJob,
    Plan,
    Position,
    Team,
    User,
)
from tenants.owner import owner_connection, owner_settings
from tenants.queries import membership_at
from tenants.services.further import add_placement
from tenants.services.organizations import found_organization
from tenants.services.placing import jobs, preparing, removing, reports
from tests.fixtures.organizations import World, build_world
from tests.isolation.cells import MODELS
from tests.isolation.snapshots import everything_of
from tests.tenants.test_provisioning import _databases_of_their_own, found  # noqa: F401  what they made goes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def neighbour(cloned_database: str) -> World:
    return build_world(f"next-{uuid.uuid4().hex[:8]}")


def removed(organization: Organization) -> PlacementJob:
    job = jobs.work_on(removing.deprovision(organization=organization, later=False).id)
    assert job is not None
    job.refresh_from_db()
    return job


def keys_naming(organization_id: uuid.UUID) -> list[bytes]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return list(client.scan_iter(match=f"*{organization_id.hex}*"))


def rows_left(placement: Placement, organization_id: uuid.UUID) -> dict[str, int]:
    """Counted by the owner in the pool, table by table."""
    with owner_connection(placement.database) as owner:
        owner.execute("SELECT set_config('humana.organization', %s, false)", [organization_id.hex])
        counted = {}
        for model in MODELS:
            table = f'"{placement.schema_name}"."{model._meta.db_table}"'
            (number,) = owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,)
            counted[model._meta.label] = number
        return counted


@pytest.mark.pool_only("the pool is what it is about")
def test_of_a_pool_s_organization_no_row_is_left(neighbour: World) -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    placement, key = world.organization.placement, world.organization.id
    with use_tenant(world.context):
        cache.set("anything", "of theirs")
    assert all(rows_left(placement, key).values())
    assert keys_naming(key)
    assert Path(folder_of(key)).is_dir()
    before = everything_of(neighbour)
    job = removed(world.organization)
    assert job.state == PlacementJob.State.DONE
    assert not any(rows_left(placement, key).values())
    assert keys_naming(key) == []
    assert not Path(folder_of(key)).exists()
    assert job.report["files"] == 1
    assert Path(folder_of(neighbour.organization.id)).is_dir()
    assert everything_of(neighbour) == before
    assert Placement.objects.filter(id=placement.id).exists()


def test_teams_below_teams_and_positions_below_positions_go(neighbour: World) -> None:
    """What has others below it is deleted alone by nobody, and with its organization it goes."""
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    with use_tenant(world.context):
        night = Team.objects.create(organization=world.organization, name="Night")
        Team.objects.create(organization=world.organization, name="Late night", parent=night)
        head = Position.objects.create(organization=world.organization, title="Head")
        Position.objects.create(organization=world.organization, title="Hand", reports_to=head)
        with pytest.raises(RestrictedError):
            night.delete()
    job = removed(world.organization)
    assert job.state == PlacementJob.State.DONE, job.error
    assert not Organization.objects.filter(id=world.organization.id).exists()


def test_asked_twice_it_is_removed_once() -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    first = removing.deprovision(organization=world.organization, later=False)
    assert removing.deprovision(organization=world.organization, later=False) == first
    done = jobs.work_on(first.id)
    assert done is not None
    assert done.state == PlacementJob.State.DONE


def test_one_job_stays_of_all() -> None:
    organization = found(Plan.BUSINESS)
    removed(organization)
    left = PlacementJob.objects.filter(slug=organization.slug)
    assert [one.kind for one in left] == [PlacementJob.Kind.REMOVE]


def test_a_place_that_is_being_made_meanwhile_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody removes the organization while a worker makes the tables of a further place."""
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    place = add_placement(organization=world.organization, isolation=Isolation.SCHEMA)
    making = PlacementJob.objects.get(target=place)
    make = preparing.make_schema
    removal: list[PlacementJob] = []

    def meanwhile(placement: Placement, organization: Organization) -> None:
        removal.append(removed(Organization.objects.get(id=organization.id)))
        make(placement, organization)

    with monkeypatch.context() as patch:
        patch.setattr(preparing, "make_schema", meanwhile)
        jobs.work_on(making.id)
    assert (removal[0].state, removal[0].step) == (PlacementJob.State.RUNNING, "erase"), "it waits"
    making.refresh_from_db()
    assert making.state == PlacementJob.State.UNDONE
    assert schema_is_there(place.schema_name)
    PlacementJob.objects.filter(id=removal[0].id).update(retry_at=None)
    jobs.work_on(removal[0].id)
    assert not schema_is_there(place.schema_name)
    assert not Placement.objects.filter(id=place.id).exists()
    assert not Organization.objects.filter(id=world.organization.id).exists()


def test_a_place_that_was_to_be_made_is_not_made_any_more() -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    place = add_placement(organization=world.organization, isolation=Isolation.SCHEMA)
    making = PlacementJob.objects.get(target=place)
    assert removed(world.organization).state == PlacementJob.State.DONE
    assert jobs.work_on(making.id) is None
    assert not schema_is_there(place.schema_name)


def test_an_organization_that_was_never_set_up_goes_too() -> None:
    organization = found(Plan.BUSINESS, now=False)
    assert removed(organization).state == PlacementJob.State.DONE
    assert not Organization.objects.filter(id=organization.id).exists()
    assert not Placement.objects.filter(id=organization.placement_id).exists()


def schema_is_there(name: str) -> bool:
    with owner_connection() as admin:
        there = admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name])
        return there.fetchone() is not None


def test_answers_that_are_being_written_are_stopped() -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    with use_tenant(world.context):
        Run.objects.filter(id=world.run.pk).update(state=Run.State.STREAMING)
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as heard:
        heard.subscribe(signals.STOPS)
        heard.get_message(timeout=5)
        job = removed(world.organization)
        told = heard.get_message(timeout=5)
    assert job.report["answers"] == 1
    ref = signals.decode(told["data"]) if told else None
    assert ref is not None
    assert (ref.organization_id, ref.run_id) == (world.organization.id, world.run.pk)


def test_an_answer_that_goes_on_all_the_same_leaves_nothing_for_good() -> None:
    """Its owner did not hear: the stream that it begins anew has an end."""
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")

    async def answer() -> int:
        stream = RunStream(world.organization.id, world.run.pk)
        await stream.append(Text("Before"))
        await asyncio.to_thread(in_a_thread, lambda: removed(world.organization))
        assert keys_naming(world.organization.id) == []
        await stream.append(Text("and after"))
        (key,) = keys_naming(world.organization.id)
        seconds: int = await valkey().ttl(key)
        await close_valkey()
        return seconds

    assert 0 < asyncio.run(answer()) <= settings.HUMANA_STREAM_SECONDS


def in_a_thread(act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        connections.close_all()


def test_what_somebody_kept_while_it_was_removed_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that was inside keeps a file and something in the cache, after both were emptied."""
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    context = world.context

    def late(job: PlacementJob) -> dict[str, Any]:
        told = removing._cache(job)
        with use_tenant(context):
            default_storage.save("late.txt", ContentFile(b"late"))
            cache.set("late", "of theirs")
        return told

    steps = [jobs.Step("cache", late) if one.name == "cache" else one for one in removing.STEPS]
    with monkeypatch.context() as patch:
        patch.setitem(jobs.PLANS, "remove", lambda: steps)
        job = removed(world.organization)
    assert job.state == PlacementJob.State.DONE, job.error
    assert keys_naming(context.organization_id) == []
    assert not Path(folder_of(context.organization_id)).exists()
    assert job.report["files"] == 2, "its report, and the late one"


@pytest.mark.parametrize("plan", [Plan.BUSINESS, Plan.ENTERPRISE])
def test_a_placement_of_its_own_goes_with_it(plan: Plan, neighbour: World) -> None:
    slug = f"own-{uuid.uuid4().hex[:8]}"
    owner = User.objects.create_user(f"dora@{slug}.example", "quiet-harbour-71", name="Dora")
    organization = found_organization(name="Own", slug=slug, owner=owner, plan=plan, now=True)
    placement = organization.placement
    with use_tenant(organization.context):
        database = owner_settings(placement.database)["NAME"]
    before = everything_of(neighbour)
    job = removed(organization)
    while job.state == PlacementJob.State.RUNNING:  # a pool may keep its connection for a moment
        PlacementJob.objects.filter(id=job.id).update(retry_at=None)
        again = jobs.work_on(job.id)
        assert again is not None
        job = again
    assert job.state == PlacementJob.State.DONE, job.error
    assert not Placement.objects.filter(id=placement.id).exists()
    with owner_connection() as admin:
        schemas = admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [placement.schema_name])
        assert schemas.fetchone() is None
        if plan == Plan.ENTERPRISE:
            there = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            assert there.fetchone() is None
    assert everything_of(neighbour) == before


def test_people_stay_and_are_no_members_any_more() -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    slug, owner = world.slug, world.owner.user
    removed(world.organization)
    assert User.objects.get(id=owner.id).primary_organization is None
    with pytest.raises(HumanaError):
        membership_at(user=owner, slug=slug)


@pytest.mark.pool_only("a database of its own goes whole, and nobody counts its rows")
def test_what_stays_is_a_signed_report() -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    job = removed(world.organization)
    assert job.organization is None
    assert job.slug == world.slug
    assert job.report["rows"]["chats_message"] >= 1
    assert reports.is_genuine(job)


def test_nobody_enters_once_it_is_being_removed() -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    removing.deprovision(organization=world.organization, later=False)
    with pytest.raises(HumanaError):
        membership_at(user=world.owner.user, slug=world.slug)


@pytest.mark.in_turn(4)
@pytest.mark.pool_only("its rows are counted in the pool")
@pytest.mark.parametrize("begun", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("broken", [step.name for step in jobs.steps_of(PlacementJob.Kind.REMOVE)])
def test_cut_off_anywhere_it_is_resumed(broken: str, begun: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the step, and after it but before that was noted."""
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    placement, key = world.organization.placement, world.organization.id

    def dying(step: jobs.Step) -> jobs.Step:
        def die(job: PlacementJob) -> Any:
            if begun:
                step.act(job)
            raise ZeroDivisionError

        return jobs.Step(step.name, die) if step.name == broken else step

    job = removing.deprovision(organization=world.organization, later=False)
    steps = [dying(one) for one in jobs.steps_of(job.kind)]
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "steps_of", lambda kind: steps)
        jobs.work_on(job.id)
    PlacementJob.objects.filter(id=job.id).update(retry_at=None)
    done = jobs.work_on(job.id)
    assert done is not None
    assert done.state == PlacementJob.State.DONE
    assert not any(rows_left(placement, key).values())
    assert not Path(folder_of(key)).exists()
    assert keys_naming(key) == []
    assert not Organization.objects.filter(id=key).exists()


def test_who_was_at_work_finds_it_gone() -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    context = world.context
    with use_tenant(context):
        removed(world.organization)
        with pytest.raises(NotFound):
            world.chat.save()


@pytest.fixture(autouse=True)
def _in_no_organization() -> Iterator[None]:
    yield
    connection.close()
