"""An organization that is removed leaves no document behind at its own MongoDB either."""

from __future__ import annotations

import uuid

import pytest

from documents.store import Draft, store_of
from documents.stores import connecting
from tenants.context import use_tenant
from tenants.models import PlacementJob
from tenants.services.placing import jobs, removing
from tests.documents.conftest import bring_mongodb
from tests.fixtures.organizations import World, build_world
from tests.peers.secantus import MongoServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mongodb")]


def writes(world: World) -> None:
    with use_tenant(world.context):
        owner = world.twin.user_id
        store_of(world.context).add(Draft(owner_id=owner, author_id=owner, name="Plan", text="Eight rooms."))


def kept(server: MongoServer, organization_id: uuid.UUID) -> int:
    """Entries of any collection that bear the organization's id."""
    with server.connect() as client:
        database = client[server.name]
        return sum(
            organization_id in entry.values()
            for name in database.list_collection_names()
            for entry in database[name].find()
        )


def test_its_documents_go_and_the_neighbours_stay(cloned_database: str, mongodb: MongoServer) -> None:
    gone, stays = (build_world(f"{word}-{uuid.uuid4().hex[:8]}") for word in ("gone", "stays"))
    for world in (gone, stays):
        bring_mongodb(world.organization, mongodb)
        writes(world)
    before = kept(mongodb, stays.organization.id)
    assert before
    assert kept(mongodb, gone.organization.id)
    job = jobs.work_on(removing.deprovision(organization=gone.organization, later=False).id)
    assert job is not None
    assert job.state == PlacementJob.State.DONE, job.error
    assert job.report["elsewhere"] == 1
    assert kept(mongodb, gone.organization.id) == 0
    assert kept(mongodb, stays.organization.id) == before
    with use_tenant(stays.context):
        store_of(stays.context).erase()
    connecting.forget_all()
