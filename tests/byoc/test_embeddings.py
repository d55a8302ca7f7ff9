"""Whose model turns an organization's texts into vectors."""

from __future__ import annotations

import pytest

from byoc import endpoints, gateway
from byoc.services import endpoints as services
from tenants.context import use_tenant
from tests.byoc.test_endpoints import created, granted
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def test_without_one_of_its_own_it_is_the_one_in_this_process(left: World) -> None:
    with use_tenant(left.context):
        assert gateway.embedding().spec == gateway.EMBEDDED


def test_its_own_endpoint_once_that_serves(left: World, right: World, scripted_model: ScriptedModel) -> None:
    granted(left, scripted_model.openai_url)
    endpoint = created(left, scripted_model.openai_url, role="embedding")
    whose = {"organization": left.organization, "endpoint_id": endpoint.id, "member": left.owner}
    assert services.validate_endpoint(**whose).ok
    services.activate_endpoint(**whose)
    endpoints.forget()
    with use_tenant(left.context):
        assert gateway.embedding().spec.id == str(endpoint.id)
        assert endpoint.name not in [card.name for card in gateway.offered()], "it answers nobody"
    with use_tenant(right.context):
        assert gateway.embedding().spec == gateway.EMBEDDED
