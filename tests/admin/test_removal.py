"""An operator removes an organization from the console, and goes on without a server that is gone."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from tenants.models import Isolation, Organization, PlacementJob
from tenants.services.placing import clearing, jobs, moving
from tests.admin.conftest import Desk
from tests.admin.test_placement import desk, page, press, world  # noqa: F401
from tests.fixtures.organizations import World
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = pytest.mark.django_db(transaction=True)


def removal_of(world: World) -> PlacementJob:  # noqa: F811
    return PlacementJob.objects.get(slug=world.slug, kind=PlacementJob.Kind.REMOVE)


def test_removed_from_the_console_and_watched(desk: Desk, world: World) -> None:  # noqa: F811
    assert f"Type its address, {world.slug}," in page(desk, world)
    assert "is closed" in press(desk, world, act="remove", address=world.slug)
    running = page(desk, world)
    assert 'http-equiv="refresh"' in running
    assert "Remove the rows" in running
    assert "Remove it for good" not in running
    job = removal_of(world)
    jobs.work_on(job.id)
    assert not Organization.objects.filter(id=world.organization.id).exists()
    here = reverse("console-placement", args=[world.slug])
    told: Any = desk.client.get(here)
    assert told["Location"] == reverse("admin:tenants_placementjob_change", args=[job.id])
    assert desk.client.get(told["Location"]).status_code == 200


@pytest.mark.parametrize("typed", ["", "another"])
def test_another_address_removes_nothing(desk: Desk, world: World, typed: str) -> None:  # noqa: F811
    assert "nothing was removed" in press(desk, world, act="remove", address=typed)
    world.organization.refresh_from_db()
    assert world.organization.state == Organization.State.ACTIVE


def test_while_it_is_being_moved_it_is_not_removed(desk: Desk, world: World) -> None:  # noqa: F811
    job = moving.move(organization=world.organization, isolation=Isolation.SCHEMA, later=False)
    assert "Remove it for good" not in page(desk, world)
    assert "is being moved" in press(desk, world, act="remove", address=world.slug)
    moving.undo(job=job, later=False)


def test_members_of_it_do_not_remove_it(world: World) -> None:  # noqa: F811
    member = Desk(world.owner.user)
    address = reverse("console-placement", args=[world.slug])
    member.client.post(address, {"act": "remove", "address": world.slug})
    assert Organization.objects.get(id=world.organization.id).state == Organization.State.ACTIVE


@pytest.fixture
def stopped(world: World) -> PlacementJob:  # noqa: F811
    """What is left behind at a database that nobody knows any more cannot be cleared."""
    job = moving.move(organization=world.organization, isolation=Isolation.SCHEMA, later=False)
    assert job.target is not None
    job.target.isolation, job.target.database = Isolation.DATABASE, f"at_o{uuid.uuid4().hex}_1"
    job.target.save()
    moving.undo(job=job, later=False)
    clear = PlacementJob.objects.get(organization=world.organization, kind=PlacementJob.Kind.CLEAR)
    jobs.work_on(clear.id)
    clear.refresh_from_db()
    assert clear.state == PlacementJob.State.FAILED
    return clear


def test_a_server_is_given_up_and_the_page_says_what_stays(
    desk: Desk,  # noqa: F811
    world: World,  # noqa: F811
    stopped: PlacementJob,
) -> None:
    assert "Go on without that server" in page(desk, world)
    assert "nothing was given up" in press(desk, world, act="abandon")
    assert "goes on without that server" in press(desk, world, act="abandon", sure="on")
    jobs.work_on(stopped.id)
    assert "Rows are left at" in page(desk, world)
    stopped.refresh_from_db()
    assert stopped.state == PlacementJob.State.DONE, stopped.error


@pytest.mark.pool_only("where the organization lives would be its own server too")
def test_what_stopped_elsewhere_is_not_given_up(desk: Desk, world: World) -> None:  # noqa: F811
    job = clearing.clear(organization=world.organization, placement=world.organization.placement, later=False)
    jobs.work_on(job.id)  # the organization lives there
    assert "Go on without that server" not in page(desk, world)
    assert "no server to give up" in press(desk, world, act="abandon", sure="on")
    job.delete()
