"""Operators connect endpoints: of the organization in hand, or of the platform itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from byoc import endpoints
from byoc.models import Endpoint
from byoc.sealing import credentials_of
from tenants.context import use_tenant, without_tenant
from tests.admin.conftest import Desk, actions
from tests.byoc.rows import connected
from tests.byoc.test_endpoints import KEY, answer, granted
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
NEW = "/admin/byoc/endpoint/add/?type=llm/custom"


@pytest.fixture(autouse=True)
def _endpoints_are_read_anew() -> Any:
    endpoints.forget()
    yield
    endpoints.forget()


def told(url: str, **changes: str) -> dict[str, str]:
    return {
        "name": "Our own model", "role": "primary", "value_url": url, "value_key": KEY, "value_model": "echo",
        "value_attempts": "1", **changes,
    }  # fmt: skip


def words(answer: Any) -> str:
    return str(answer.content.decode())


def test_one_of_the_organization_in_hand(operator: Desk, left: World, scripted_model: ScriptedModel) -> None:
    granted(left, scripted_model.openai_url)
    operator.take(left)
    page = words(operator.client.post(NEW, told(scripted_model.openai_url), follow=True))
    assert "It answers, in" in page
    with use_tenant(left.context):
        row = Endpoint.objects.get(name="Our own model")
    asked = operator.act("byoc_endpoint", "activate", row.id, confirmed=False)
    assert "everybody there works with these" in words(asked)
    assert row.state == "ready"
    operator.act("byoc_endpoint", "activate", row.id)
    endpoints.forget()
    assert answer(left) == "Bom dia"
    assert "withdraw it first" in words(operator.delete("byoc_endpoint", row.id))
    operator.act("byoc_endpoint", "withdraw", row.id)
    assert operator.delete("byoc_endpoint", row.id).status_code == 302
    assert {"endpoint.created", "endpoint.activated", "endpoint.withdrawn", "endpoint.removed"} <= set(
        actions(left)
    )
    assert KEY not in page
    assert LogEntry.objects.count() == 0


def test_with_none_in_hand_it_is_the_platforms(operator: Desk, left: World) -> None:
    """The types that only an operator may set up are offered too."""
    offered = words(operator.client.get(reverse("admin:byoc_endpoint_add")))
    assert "A folder of the server" in offered
    operator.client.post(NEW, told("https://models.example/v1", value_key=""))
    with without_tenant(reason="a test looks at the platform's own"):
        row = Endpoint.objects.get(organization=None, name="Our own model")
    assert "Our own model" in words(operator.get("byoc_endpoint"))
    operator.take(left)
    assert "Our own model" not in words(operator.get("byoc_endpoint"))
    assert operator.get("byoc_endpoint", row.id).status_code == 302, "as if it did not exist"


def test_what_is_wrong_is_said_at_its_field(operator: Desk, left: World) -> None:
    with use_tenant(left.context):
        before = set(Endpoint.objects.values_list("id", flat=True))
    operator.take(left)
    answered = operator.client.post(NEW, told("https://models.example/v1?x=1"))
    assert "Leave out what comes after" in words(answered)
    assert "please enter it once more" in words(answered)
    assert KEY not in words(answered)
    with use_tenant(left.context):
        assert set(Endpoint.objects.values_list("id", flat=True)) == before


def test_a_change_by_hand_keeps_the_secret(
    operator: Desk, left: World, scripted_model: ScriptedModel
) -> None:
    granted(left, scripted_model.openai_url)
    operator.take(left)
    operator.client.post(NEW, told(scripted_model.openai_url))
    with use_tenant(left.context):
        row = Endpoint.objects.get(name="Our own model")
    address = operator.address("byoc_endpoint", row.id)
    changes = told(scripted_model.openai_url, name="Renamed", value_key="", seen=str(row.version))
    assert "It answers, in" in words(operator.client.post(address, changes, follow=True))
    with use_tenant(left.context):
        assert credentials_of(Endpoint.objects.get(name="Renamed")) == {"key": KEY}
    assert "Somebody changed this in the meantime" in words(operator.client.post(address, changes))


def test_models_and_prices_are_entered_in_the_console_too(
    operator: Desk, left: World, scripted_model: ScriptedModel
) -> None:
    granted(left, scripted_model.openai_url)
    operator.take(left)
    row = {"model_0_name": "echo", "model_0_vision": "true", "model_0_input": "2.50", "models_shown": "1"}
    said = told(scripted_model.openai_url, **row, model_1_output="3", currency="EUR")
    page = words(operator.client.post(NEW, said, follow=True))
    assert "Name the model, or empty the whole row." in page
    assert 'value="2.50"' in page, "nothing is lost"
    operator.client.post(NEW, said | {"model_1_output": ""})
    with use_tenant(left.context):
        kept = Endpoint.objects.get(name="Our own model")
    assert kept.offers == [{"name": "echo", "vision": True}]
    assert kept.prices == {"currency": "EUR", "models": {"echo": {"input": "2.5"}}}
    page = words(operator.get("byoc_endpoint", kept.id))
    assert 'value="2.5"' in page
    assert "<legend>echo</legend>" in page


def test_an_operator_chooses_what_stands_in(
    operator: Desk, left: World, scripted_model: ScriptedModel
) -> None:
    operator.take(left)
    first = connected(left, scripted_model.openai_url)
    for name in ("Near", "Other"):
        connected(left, scripted_model.openai_url, name=name, role="fallback")
    far = connected(left, scripted_model.openai_url, name="Vectors", role="embedding")
    address = operator.address("byoc_endpoint", first.id)
    page = operator.client.get(address).content.decode()
    options = {name: key for key, name in re.findall(r'<option value="([0-9a-f-]{36})">(\w+)<', page)}
    assert list(options) == ["Near", "Other"]
    refusal = operator.client.post(address, {"act": "failover", "to": str(far.id)}, follow=True)
    assert "is not meant to stand in" in words(refusal)
    for wrong in ("nonsense", str(left.organization.id)):
        assert "There is no such endpoint" in words(
            operator.client.post(address, {"act": "failover", "to": wrong}, follow=True)
        )
    operator.client.post(address, {"act": "failover", "to": options["Other"]})
    assert "Other" in words(operator.get("byoc_failover"))
