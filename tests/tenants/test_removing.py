"""An organization is removed: of everything it had nothing is left, and its neighbours miss nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from humana.kernel.errors import HumanaError, NotFound
from tenants.context import use_tenant
from tenants.files import folder_of
from tenants.models import (
    Membership,
    Organization,
    PendingWork,
    Placement,
    PlacementJob,
    Plan,
    SupportSession,
    Team,
    User,
)
from tenants.owner import owner_connection, owner_settings
from tenants.queries import membership_at
from tenants.services.organizations import found_organization
from tenants.services.placing import jobs, removing, reports
from tests.fixtures.organizations import World, build_world
from tests.isolation.cells import MODELS
from tests.isolation.snapshots import everything_of
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

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
        Team.objects.create(organization=world.organization, name="Night")
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


def test_the_control_plane_forgets_it_too(neighbour: World) -> None:
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    key, slug, owner = world.organization.id, world.slug, world.owner.user
    removed(world.organization)
    assert not Membership.objects.filter(organization_id=key).exists()
    assert not PendingWork.objects.filter(organization_id=key).exists()
    with connection.cursor() as cursor:  # nothing of it in any table that names organizations
        cursor.execute("SELECT set_config('humana.organization', %s, false)", [key.hex])
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'organization_id'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM public."{table}" WHERE organization_id = %s', [key])
            assert cursor.fetchone() == (0,), table
    connection.close()
    assert User.objects.get(id=owner.id).primary_organization is None
    with pytest.raises(HumanaError):
        membership_at(user=owner, slug=slug)
    assert not SupportSession.objects.exists()


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


@pytest.mark.pool_only("its rows are counted in the pool")
@pytest.mark.parametrize("begun", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("broken", [step.name for step in removing.STEPS])
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
    steps = [dying(one) for one in removing.STEPS]
    with monkeypatch.context() as patch:
        patch.setitem(jobs.PLANS, "remove", lambda: steps)
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
