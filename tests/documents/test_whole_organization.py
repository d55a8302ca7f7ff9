"""MongoDB is for documents: a whole organization is not put there, and is told why."""

from __future__ import annotations

import pytest
from django.utils import translation

from byoc.databases import alias_of
from byoc.models import Endpoint
from humana.kernel.errors import Invalid
from tenants.context import use_tenant
from tenants.models import Isolation
from tenants.services.placing import places, preparing
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def test_an_organization_does_not_move_to_mongodb(left: World) -> None:
    endpoint = Endpoint(
        organization=left.organization,
        kind=Endpoint.Kind.DATABASE,
        type="mongodb",
        name="Papers",
        origin="mongodb://papers.example",
        options={"database": "papers"},
    )
    with use_tenant(left.context):
        endpoint.save(force_insert=True)
    place = places.own_placement(
        organization=left.organization, isolation=Isolation.DATABASE, database=alias_of(endpoint)
    )
    with pytest.raises(Invalid) as refusal, translation.override("en"):
        preparing.make_database(place, left.organization)
    assert (refusal.value.code, refusal.value.field) == ("mongodb_holds_documents_only", "engine")
    for why in ("row-level security", "transactions", "PostgreSQL", "MariaDB"):
        assert why in str(refusal.value)
