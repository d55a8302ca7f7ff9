"""An operator moves an organization from the console and watches it arrive."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenants.models import Isolation, Organization, PlacementJob, User
from tenants.services.placing import jobs, moving
from tests.admin.conftest import Desk
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_moving import told_of
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"mover-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def desk(cloned_database: str) -> Desk:
    name = f"op-{uuid.uuid4().hex[:8]}@humana.example"
    return Desk(
        User.objects.create_user(name, "quiet-harbour-71", name="Olga", is_staff=True, is_superuser=True)
    )


def page(desk: Desk, world: World) -> str:
    answer: Any = desk.client.get(reverse("console-placement", args=[world.slug]))
    assert answer.status_code == 200
    return answer.content.decode()


def press(desk: Desk, world: World, **fields: str) -> str:
    answer: Any = desk.client.post(reverse("console-placement", args=[world.slug]), fields, follow=True)
    return answer.content.decode()


@pytest.mark.pool_only("begins in the pool")
def test_moved_from_the_console_and_back(desk: Desk, world: World) -> None:
    assert "A schema of its own" in page(desk, world)
    assert "The move has begun" in press(desk, world, act="move", way="schema")
    job = PlacementJob.objects.get(organization=world.organization)
    running = page(desk, world)
    assert 'http-equiv="refresh"' in running
    assert "Give the move up" in running
    jobs.work_on(job.id)
    arrived = page(desk, world)
    assert 'http-equiv="refresh"' not in arrived
    assert "rows are equal on both sides" in arrived
    assert "where its rows are still kept" in arrived
    press(desk, world, act="move", way="back")
    jobs.work_on(PlacementJob.objects.filter(organization=world.organization).latest("created_at").id)
    world.organization.refresh_from_db()
    assert world.organization.placement.isolation == Isolation.ROW


def test_the_signed_report_is_a_file_to_send(desk: Desk, world: World, tmp_path: Path) -> None:
    press(desk, world, act="move", way="schema")
    job = PlacementJob.objects.get(organization=world.organization)
    address = reverse("console-report", args=[job.id])
    assert address not in page(desk, world)
    assert desk.client.get(address).status_code == 404
    jobs.work_on(job.id)
    assert address in page(desk, world)
    file = tmp_path / "report.json"
    file.write_bytes(desk.client.get(address).content)
    assert "As it was signed" in told_of(file)
    owner = Client()
    owner.force_login(world.owner.user)
    theirs = owner.get(f"/o/{world.slug}/places/reports/{job.id}/")
    assert theirs.content == file.read_bytes()
    assert owner.get(address).status_code == 302


def test_what_stopped_is_tried_again_or_given_up(desk: Desk, world: World, monkeypatch: Any) -> None:
    press(desk, world, act="move", way="schema")
    job = PlacementJob.objects.get(organization=world.organization)
    PlacementJob.objects.filter(id=job.id).update(state="failed", error="The disk there is full.")
    stopped = page(desk, world)
    assert "The disk there is full." in stopped
    assert "Try again" in stopped
    press(desk, world, act="again")
    assert PlacementJob.objects.get(id=job.id).state == PlacementJob.State.RUNNING
    assert "given up" in press(desk, world, act="give-up")
    assert PlacementJob.objects.get(id=job.id).state == PlacementJob.State.UNDONE
    assert Organization.objects.get(id=world.organization.id).state == Organization.State.ACTIVE


def test_what_is_refused_is_said(desk: Desk, world: World) -> None:
    moving.move(organization=world.organization, isolation=Isolation.SCHEMA, later=False)
    assert "wait until" in press(desk, world, act="move", way="schema")
    assert (
        desk.client.post(
            reverse("console-placement", args=[world.slug]), {"act": "move", "way": "nowhere"}
        ).status_code
        == 404
    )
    assert desk.client.get(reverse("console-placement", args=["nobody"])).status_code == 404


def test_only_operators_see_it(world: World) -> None:
    member = Desk(world.owner.user)
    assert member.client.get(reverse("console-placement", args=[world.slug])).status_code in {302, 403}


def test_the_list_of_organizations_leads_there(desk: Desk, world: World) -> None:
    listed = desk.client.get(reverse("admin:tenants_organization_changelist")).content.decode()
    assert reverse("console-placement", args=[world.slug]) in listed
