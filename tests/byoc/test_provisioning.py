"""What an organization's set-up and removal say of the outside world."""

from __future__ import annotations

import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from byoc import endpoints
from byoc.models import EgressGrant, Watch
from byoc.services import storages
from tenants.context import use_tenant
from tenants.models import Organization, PlacementJob
from tenants.services.placing.jobs import steps_of, work_on
from tenants.services.placing.provision import provision
from tenants.services.placing.removing import deprovision
from tests.byoc.test_endpoints import active
from tests.byoc.test_storage import activated, brought, copy_of, files_in, fresh, save
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def left(cloned_database: str) -> World:
    return build_world(f"w{uuid.uuid4().hex[:8]}")


def test_its_own_model_is_looked_at_before_it_opens(left: World, scripted_model: ScriptedModel) -> None:
    endpoint = active(left, scripted_model.openai_url)
    job = provision(organization=left.organization, furnish=False, later=False)
    work_on(job.id)
    job.refresh_from_db()
    assert job.state == PlacementJob.State.DONE, job.error
    assert job.report["models"]["well"] == {endpoint.name: ""}
    assert job.report["monitoring"]["well"] == {}


def test_one_that_does_not_answer_is_told_and_holds_nothing_up(
    left: World, scripted_model: ScriptedModel
) -> None:
    endpoint = active(left, scripted_model.openai_url)
    with use_tenant(left.context):
        EgressGrant.objects.filter(port=urlsplit(scripted_model.openai_url).port).delete()
    endpoints.forget()
    job = provision(organization=left.organization, furnish=False, later=False)
    work_on(job.id)
    job.refresh_from_db()
    assert job.state == PlacementJob.State.DONE
    assert job.report["models"]["well"][endpoint.name]


def test_a_removed_organizations_endpoints_serve_nobody(left: World, scripted_model: ScriptedModel) -> None:
    active(left, scripted_model.openai_url)
    organization_id = left.organization.id
    job = deprovision(organization=left.organization, later=False)
    work_on(job.id)
    job.refresh_from_db()
    assert job.report["withdrawn"] == 1
    assert not Organization.objects.filter(id=organization_id).exists()
    assert not Watch.objects.filter(organization_id=organization_id).exists()
    endpoints.forget()
    assert endpoints.active(organization_id, "llm") == ()


def test_endpoints_are_withdrawn_before_anything_is_erased() -> None:
    names = [step.name for step in steps_of(PlacementJob.Kind.REMOVE)]
    assert names.index("endpoints") < names.index("erase")


def test_a_removed_organizations_files_are_gone_from_every_storage_it_used(
    left: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one in use, and the one before it, which was left as it was."""
    monkeypatch.setattr(storages, "SETTLED", 0)
    monkeypatch.setattr(storages, "wake", lambda copy_id: None)
    for name in ("first", "second"):
        activated(left, brought(left, tmp_path / name, name))
        storages.work_on(copy_of(left).id)
        fresh()
    save(left, "plans/plan.txt", b"kept")
    assert files_in(tmp_path / "first")
    job = deprovision(organization=left.organization, later=False)
    work_on(job.id)
    job.refresh_from_db()
    assert job.state == PlacementJob.State.DONE, job.error
    assert (files_in(tmp_path / "first"), files_in(tmp_path / "second")) == (set(), set())


def test_a_storage_that_cannot_be_written_to_holds_the_set_up_up(left: World, tmp_path: Path) -> None:
    """Files would be lost; once it can be, the set-up goes on."""
    (tmp_path / "disk").write_text("a file where a folder should be")
    activated(left, brought(left, tmp_path / "disk"))
    job = provision(organization=left.organization, furnish=False, later=False)
    work_on(job.id)
    job.refresh_from_db()
    assert (job.state, job.step) == (PlacementJob.State.RUNNING, "storage")
    (tmp_path / "disk").unlink()
    PlacementJob.objects.filter(id=job.id).update(retry_at=None)
    work_on(job.id)
    job.refresh_from_db()
    assert job.state == PlacementJob.State.DONE, job.error
    assert job.report["storage"] == ["disk", "humana"]
