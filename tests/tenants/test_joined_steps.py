"""A higher floor sets something of its own up with an organization, and takes it away with it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from humana.kernel.errors import Misconfigured
from humana.kernel.registry import Registry
from tenants.models import Organization, PlacementJob, Plan, User
from tenants.services.placing import jobs, provision, removing
from tenants.services.placing.jobs import Joined, Step
from tests.admin.conftest import Desk
from tests.tenants.test_provisioning import _databases_of_their_own, found, resume  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
SET_UP, REMOVE = PlacementJob.Kind.PROVISION, PlacementJob.Kind.REMOVE


class Shelves:
    """Something that each organization has one of, beside its placement."""

    def __init__(self) -> None:
        self.of: set[str] = set()
        self.told: list[str] = []
        self.broken = False

    def put_up(self, job: PlacementJob) -> dict[str, Any]:
        self.told.append("up")
        self.of.add(job.slug)
        if self.broken:
            raise ZeroDivisionError
        return {"shelves": 1}

    def take_down(self, job: PlacementJob) -> None:
        self.told.append("down")
        self.of.discard(job.slug)
        if self.broken:
            raise ZeroDivisionError


@pytest.fixture
def shelves(monkeypatch: pytest.MonkeyPatch, cloned_database: str) -> Shelves:
    """As an AppConfig does when it is ready."""
    ours, joined = Shelves(), Registry[Joined]("step of a placement job")
    joined.add("shelves.up", Joined(SET_UP, Step("shelves", ours.put_up, "Put up the shelves"), "open"))
    joined.add("shelves.down", Joined(REMOVE, Step("shelves", ours.take_down), "erase"))
    monkeypatch.setattr(jobs, "joined", joined)
    return ours


@pytest.fixture
def organization(shelves: Shelves) -> Organization:
    return found(Plan.BUSINESS, now=False)


def work_on(job: PlacementJob) -> PlacementJob:
    PlacementJob.objects.filter(id=job.id).update(retry_at=None)
    jobs.work_on(job.id)
    job.refresh_from_db()
    return job


def test_it_is_done_once_and_told_in_the_report(shelves: Shelves, organization: Organization) -> None:
    job = resume(organization)
    assert job.state == PlacementJob.State.DONE
    assert shelves.of == {organization.slug}
    assert job.report["shelves"] == 1
    assert set(job.report["seconds"]) == {step.name for step in provision.STEPS} | {"shelves"}
    work_on(removing.deprovision(organization=organization, later=False))
    assert shelves.of == set()
    assert shelves.told == ["up", "down"]


def test_cut_off_there_it_is_resumed_there(shelves: Shelves, organization: Organization) -> None:
    shelves.broken = True
    assert resume(organization).step == "shelves"
    assert organization.state == Organization.State.PROVISIONING, "nobody enters before it is there"
    shelves.broken = False
    job = resume(organization)
    assert job.state == PlacementJob.State.DONE
    assert shelves.told == ["up", "up"], "again, which it bears"
    shelves.broken = True
    job = work_on(removing.deprovision(organization=organization, later=False))
    assert (job.state, job.step) == (PlacementJob.State.RUNNING, "shelves")
    shelves.broken = False
    assert work_on(job).state == PlacementJob.State.DONE


def test_what_was_begun_is_undone_with_a_set_up_that_never_ended(
    shelves: Shelves, organization: Organization
) -> None:
    shelves.broken = True
    resume(organization)
    assert shelves.of == {organization.slug}
    shelves.broken = False
    assert work_on(removing.deprovision(organization=organization, later=False)).state == "done"
    assert shelves.of == set()
    assert not Organization.objects.filter(id=organization.id).exists()


def test_operators_read_what_it_is(shelves: Shelves, organization: Organization) -> None:
    operator = User.objects.create_user(f"op-{uuid.uuid4().hex[:8]}@humana.example", "x", is_staff=True)
    desk: Client = Desk(operator).client
    page = desk.get(reverse("console-placement", args=[organization.slug])).content.decode()
    assert "Put up the shelves" in page
    work_on(removing.deprovision(organization=organization, later=False))


@pytest.mark.parametrize(("name", "before"), [("schema", "open"), ("shelf", "nowhere")])
def test_what_cannot_join_is_refused(shelves: Shelves, name: str, before: str) -> None:
    jobs.joined.add("shelves.more", Joined(SET_UP, Step(name, shelves.put_up), before))
    with pytest.raises(Misconfigured):
        jobs.steps_of(SET_UP)


def test_a_worker_of_another_release_leaves_what_it_does_not_know(
    shelves: Shelves, organization: Organization
) -> None:
    """It has no such step, and does not take the job for done."""
    PlacementJob.objects.filter(organization=organization).update(step="cellar")
    job = resume(organization)
    assert (job.state, job.step) == (PlacementJob.State.RUNNING, "cellar")
    assert "another release" in job.error
    PlacementJob.objects.filter(id=job.id).update(step="database")
    assert resume(organization).state == PlacementJob.State.DONE
