"""An organization connects a model of its own: entered, validated, activated, changed, withdrawn."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import translation

from byoc import endpoints, gateway
from byoc.contracts import ChatMessage, ChatRequest
from byoc.describing import Entry
from byoc.models import EgressGrant, Endpoint, Watch
from byoc.sealing import credentials_of, sealed_credentials
from byoc.services import endpoints as services
from humana.kernel.crypto import CannotOpen
from humana.kernel.errors import Conflict, EndpointError, Invalid, NotAllowed, NotFound, StaleVersion
from tenants.context import use_tenant
from tenants.models import ControlEvent
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World

KEY = "sk-only-for-this-test"
pytestmark = pytest.mark.django_db


def granted(world: World, url: str) -> None:
    """An operator lets the organization dial that private address."""
    parts = urlsplit(url)
    with use_tenant(world.context):
        EgressGrant.objects.create(
            organization=world.organization, scheme=parts.scheme, host=parts.hostname, port=parts.port,
            reason="A model on the test's own machine",
        )  # fmt: skip
    endpoints.forget()


def entry(url: str, **changes: Any) -> Entry:
    values = {"url": url, "key": KEY, "model": "echo", "attempts": 1} | changes.pop("values", {})
    return Entry(**{"kind": "llm", "type": "custom", "name": "Our own model", **changes}, values=values)


def created(world: World, url: str, **changes: Any) -> Endpoint:
    return services.create_endpoint(
        organization=world.organization, entry=entry(url, **changes), member=world.owner
    )


def active(world: World, url: str) -> Endpoint:
    granted(world, url)
    endpoint = created(world, url)
    whose = {"organization": world.organization, "endpoint_id": endpoint.id, "member": world.owner}
    found = services.validate_endpoint(**whose)
    assert found.ok, found
    endpoint = services.activate_endpoint(**whose)
    endpoints.forget()
    return endpoint


def answer(world: World, model: str | None = None) -> str:
    with use_tenant(world.context):
        card = gateway.describe(model)

    async def ask() -> str:
        try:
            request = ChatRequest((ChatMessage("user", "Bom dia"),), card.model)
            return (await gateway.llm(card).generate(request)).text
        finally:
            await gateway.close()

    return asyncio.run(ask())


def test_a_model_of_ones_own_answers(left: World, right: World, scripted_model: ScriptedModel) -> None:
    endpoint = active(left, scripted_model.openai_url)
    assert answer(left) == "Bom dia"
    assert scripted_model.last.headers["authorization"] == f"Bearer {KEY}"
    assert Watch.objects.filter(organization=left.organization).exists()
    with use_tenant(right.context):
        assert endpoint.name not in [card.name for card in gateway.offered()]


def test_withdrawn_it_answers_nobody(left: World, scripted_model: ScriptedModel) -> None:
    endpoint = active(left, scripted_model.openai_url)
    services.withdraw_endpoint(organization=left.organization, endpoint_id=endpoint.id, member=left.owner)
    endpoints.forget()
    with use_tenant(left.context), pytest.raises(EndpointError):
        gateway.describe(endpoint.name)


def test_a_draft_serves_nobody(left: World, scripted_model: ScriptedModel) -> None:
    endpoint = created(left, scripted_model.openai_url)
    with pytest.raises(Conflict, match="validated"):
        services.activate_endpoint(organization=left.organization, endpoint_id=endpoint.id, member=left.owner)


def test_an_address_that_nobody_granted_is_told_so(left: World, scripted_model: ScriptedModel) -> None:
    endpoint = created(left, scripted_model.openai_url)
    found = services.validate_endpoint(
        organization=left.organization, endpoint_id=endpoint.id, member=left.owner
    )
    assert (found.ok, found.code) == (False, "forbidden")
    assert "an operator can grant it" in found.message
    assert not scripted_model.entries


def test_another_address_gets_no_old_secret(left: World, scripted_model: ScriptedModel) -> None:
    endpoint = created(left, "https://models.example/v1")
    changed = services.change_endpoint(
        organization=left.organization, endpoint_id=endpoint.id, member=left.owner,
        changes={"values": {"url": scripted_model.openai_url}},
    )  # fmt: skip
    assert credentials_of(changed) == {}
    granted(left, scripted_model.openai_url)
    services.validate_endpoint(organization=left.organization, endpoint_id=endpoint.id, member=left.owner)
    assert KEY not in json.dumps([entry.headers for entry in scripted_model.entries])


def test_another_path_keeps_the_secret(left: World) -> None:
    endpoint = created(left, "https://models.example/v1")
    changed = services.change_endpoint(
        organization=left.organization, endpoint_id=endpoint.id, member=left.owner,
        changes={"values": {"url": "https://models.example/v2"}},
    )  # fmt: skip
    assert credentials_of(changed) == {"key": KEY}


def test_one_in_use_does_not_change_to_an_address_without_the_secret(
    left: World, scripted_model: ScriptedModel
) -> None:
    endpoint = active(left, scripted_model.openai_url)
    with pytest.raises(Invalid):  # nothing is lost: it goes on serving
        services.change_endpoint(
            organization=left.organization, endpoint_id=endpoint.id, member=left.owner,
            changes={"values": {"url": "https://models.example/v1"}, "type": "openai"},
        )  # fmt: skip
    assert answer(left) == "Bom dia"


def test_one_in_use_changes_only_to_what_serves(left: World, scripted_model: ScriptedModel) -> None:
    endpoint = active(left, scripted_model.openai_url)
    away = scripted_model.openai_url.rsplit(":", 1)[0] + ":1/v1"
    granted(left, away)
    with pytest.raises(EndpointError):
        services.change_endpoint(
            organization=left.organization, endpoint_id=endpoint.id, member=left.owner,
            changes={"values": {"url": away, "key": KEY}},
        )  # fmt: skip
    assert answer(left) == "Bom dia"


def test_sealed_for_one_row_it_opens_no_other(left: World) -> None:
    endpoint, twin = (
        created(left, "https://models.example/v1"),
        created(left, "https://other.example/v1", name="Two"),
    )
    twin.credentials = endpoint.credentials
    with pytest.raises(CannotOpen):
        credentials_of(twin)
    endpoint.origin = "https://elsewhere.example"
    with pytest.raises(CannotOpen):
        credentials_of(endpoint)


def test_nothing_shows_the_secret_again(left: World) -> None:
    endpoint = created(left, "https://models.example/v1")
    with use_tenant(left.context):
        told = [row.payload for row in ControlEvent.objects.filter(resource_id=str(endpoint.id))]
        row = Endpoint.objects.values().get(id=endpoint.id)
    assert KEY not in json.dumps([told, row], default=str)
    assert KEY not in repr(endpoints.spec_of(endpoint))


def test_only_who_may_connects_an_endpoint(left: World) -> None:
    with pytest.raises(NotAllowed):
        services.create_endpoint(
            organization=left.organization, entry=entry("https://a.example/v1"), member=left.member
        )


def test_another_organizations_is_not_found(left: World, right: World) -> None:
    endpoint = created(left, "https://models.example/v1")
    for one in (services.validate_endpoint, services.activate_endpoint, services.remove_endpoint):
        with pytest.raises(NotFound):
            one(organization=right.organization, endpoint_id=endpoint.id, member=right.owner)


def test_outside_the_zone_nothing_serves(left: World, scripted_model: ScriptedModel) -> None:
    left.organization.zone = "br"
    left.organization.save()
    with pytest.raises(Conflict, match="zone br"):
        active(left, scripted_model.openai_url)
    with use_tenant(left.context):
        assert gateway.offered() == ()


def test_two_people_who_change_it_do_not_undo_each_other(left: World) -> None:
    endpoint = created(left, "https://models.example/v1")
    change = {"organization": left.organization, "endpoint_id": endpoint.id, "version": endpoint.version}
    services.change_endpoint(**change, changes={"name": "Mine"})
    with pytest.raises(StaleVersion):
        services.change_endpoint(**change, changes={"name": "Mine, too"})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"values": {"url": "ftp://models.example"}}, None),
        ({"values": {"url": "https://user:word@models.example"}}, None),
        ({"values": {"url": "https://models.example/v1?key=x"}}, "url"),
        ({"values": {"attempts": 0}}, "attempts"),
        ({"values": {"attempts": "many"}}, "attempts"),
        ({"values": {"model": ""}}, "model"),
        ({"values": {"colour": "green"}}, "colour"),
        ({"role": "directory"}, "role"),
        ({"type": "oracle"}, "type"),
        ({"name": " "}, "name"),
        ({"rank": True}, "rank"),
        ({"tags": "gold"}, "tags"),
        ({"offers": [{"tools": True}]}, "offers"),
        ({"offers": [{"name": "echo", "tools": "perhaps"}]}, "offers"),
        ({"offers": [{"name": "echo", "colour": "green"}]}, "offers"),
        ({"offers": [{"name": "echo", "context_tokens": 0}]}, "offers"),
    ],
)
def test_what_is_wrong_is_named(left: World, changes: dict[str, Any], field: str | None) -> None:
    with pytest.raises((Invalid, EndpointError)) as raised:
        created(left, "https://models.example/v1", **changes)
    assert raised.value.field == field


def test_templates_arrive_as_they_were_written(left: World) -> None:
    literal = "${HUMANA_SEAL_KEY} $HOME %PATH% {x} {{x}} %(x)s"
    endpoint = created(left, "https://models.example/v1", values={"model": literal, "key": literal})
    spec = endpoints.spec_of(endpoint)
    assert (spec.model, spec.key) == (literal, literal)


def test_what_was_sealed_elsewhere_takes_no_other_along(left: World, scripted_model: ScriptedModel) -> None:
    active(left, scripted_model.openai_url)
    with use_tenant(left.context):
        moved = Endpoint(organization=left.organization, kind="llm", type="custom", name="Moved", rank=0)
        moved.origin, moved.state = "https://models.example", Endpoint.State.ACTIVE
        moved.credentials = sealed_credentials(moved, {"key": KEY})
        moved.origin = "https://attacker.example"
        moved.save()
    endpoints.forget()
    assert answer(left) == "Bom dia"
    with use_tenant(left.context):
        assert "Moved" not in [card.name for card in gateway.offered()]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prices": {"models": {"echo": {"input": "cheap"}}}}, "prices"),
        ({"prices": {"rates": {}}}, "prices"),
        ({"limits": {"max_output_tokens": "many"}}, "limits"),
        ({"limits": {"words": 7}}, "limits"),
    ],
)
def test_prices_and_limits_are_read_before_they_are_kept(
    left: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as raised:
        created(left, "https://models.example/v1", **changes)
    assert raised.value.field == field


def test_what_is_wrong_is_said_in_the_language_of_who_reads_it(left: World) -> None:
    """What the guard refuses, and what the adapter found."""
    endpoint = created(left, "http://127.0.0.1:1/v1")
    whose = {"organization": left.organization, "endpoint_id": endpoint.id, "member": left.owner}
    said: dict[str, list[str]] = {}
    for grant in (False, True):
        if grant:
            granted(left, "http://127.0.0.1:1")
        for language in ("en", "pt-br"):
            with translation.override(language):
                said.setdefault(language, []).append(services.validate_endpoint(**whose).message)
    assert all(said["en"])
    assert not set(said["en"]) & set(said["pt-br"])
