"""A web process with a customer's collector: what its members do is told there, without their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from byoc import endpoints
from byoc.describing import Entry
from byoc.models import EgressGrant
from byoc.services import endpoints as services
from tenants.context import use_tenant
from tenants.telemetry import ORGANIZATION
from tests.byoc.sinks import Sink, sink, soon, told
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.fixtures.server import running_server
from tests.isolation.test_streams import by_key, by_session

KEY, CANARY = "key-of-the-collector", "cerulean-canary"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("commits rows of its own"),
    pytest.mark.adapters,
]


def connected(world: World, here: Sink, role: str) -> dict[str, Any]:
    """The organization's endpoint for that role, as a member enters it."""
    parts = urlsplit(here.url)
    with use_tenant(world.context):
        EgressGrant.objects.get_or_create(
            organization=world.organization, scheme="http", host=parts.hostname, port=parts.port,
            defaults={"reason": "a collector on the test's own machine"},
        )  # fmt: skip
    endpoints.forget()
    entry = Entry(
        kind="monitoring", type="custom", name=f"Ours for {role}", role=role,
        values={"url": here.url, "key": KEY},
    )  # fmt: skip
    made = services.create_endpoint(organization=world.organization, entry=entry, member=world.owner)
    which = {"organization": world.organization, "endpoint_id": made.id, "member": world.owner}
    assert services.validate_endpoint(**which).ok
    services.activate_endpoint(**which)
    return which


def test_a_customers_collector_hears_of_its_members_and_of_nobody_else(
    left: World, right: World, scripted_model_server: ScriptedModel, tmp_path: Path
) -> None:
    with sink() as ours, sink() as humanas:
        which = connected(left, ours, "metrics")
        more = {"HUMANA_TELEMETRY": "1", "HUMANA_TRACE_DETAIL": "100", "HUMANA_OTLP_URL": humanas.url}
        with running_server(scripted_model_server.openai_url, tmp_path / "web.log", **more) as server:
            for world in (left, right):
                for address, headers in (
                    (f"/o/{world.slug}/search/?q={CANARY}", by_session(world.twin.user)),
                    ("/api/v1/chats/", by_key(world)),
                ):
                    answer = httpx2.get(server.url + address, headers=headers, timeout=20)
                    assert answer.status_code == 200, address
            assert soon(lambda: len([one for one in ours.spans if one.kind == 2]) >= 2, 20)
            assert soon(
                lambda: any(r.get(ORGANIZATION) == str(right.organization.id) for r in humanas.resources)
            )

            services.withdraw_endpoint(**which)
            soon(lambda: False, 1.5)
            before = ours.asked
            httpx2.get(f"{server.url}/api/v1/chats/", headers=by_key(left), timeout=20)
            assert soon(
                lambda: any(r.get(ORGANIZATION) == str(left.organization.id) for r in humanas.resources), 20
            )
            assert ours.asked == before
        organizations = {one.get(ORGANIZATION) for one in ours.resources}
        assert organizations == {str(left.organization.id)}
        assert {one["service.namespace"] for one in ours.resources} == {left.slug}
        systems = {told(span.attributes).get("db.system") for span in ours.spans}
        assert {"postgresql", "redis"} <= systems
        assert {f"Bearer {KEY}"} == {one["authorization"] for one in ours.headers if "authorization" in one}
        for word in (CANARY, left.key, right.key, KEY, str(left.twin.user.email)):
            assert word.encode() not in humanas.raw, word
            assert word == KEY or word.encode() not in ours.raw, word
        assert str(right.organization.id).encode() not in ours.raw
