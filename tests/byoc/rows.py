"""Endpoints that are in use already, for tests of what becomes of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from byoc import endpoints
from byoc.models import EgressGrant, Endpoint, Watch
from byoc.sealing import sealed_credentials
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tests.fixtures.organizations import World


def connected(world: World, url: str, *, name: str = "Main", key: str = "sk-test", **fields: Any) -> Endpoint:
    """In use, and an operator let the organization dial it."""
    parts = urlsplit(url)
    given: dict[str, Any] = {"kind": "llm", "type": "custom", "state": "active", "options": {"attempts": 1}}
    endpoint = Endpoint(
        id=new_id(), organization=world.organization, name=name, path=parts.path,
        origin=f"{parts.scheme}://{parts.netloc}", **{**given, **fields},
    )  # fmt: skip
    with use_tenant(world.context):
        endpoint.credentials = sealed_credentials(endpoint, {"key": key})
        endpoint.save(force_insert=True)
        Watch.objects.get_or_create(
            organization=world.organization, defaults={"due_at": "2020-01-01T00:00:00Z"}
        )
        EgressGrant.objects.get_or_create(
            organization=world.organization, scheme=parts.scheme, host=parts.hostname, port=parts.port,
            defaults={"reason": "A service on the test's own machine"},
        )  # fmt: skip
    endpoints.forget()
    return endpoint


def entered(world: World) -> list[Endpoint]:
    """Beside the one that the world begins with, and the database its rows live in (`--organizations-on`)."""
    home = world.organization.placement.database
    with use_tenant(world.context):
        return [one for one in Endpoint.objects.exclude(id=world.endpoint) if one.id.hex not in home]
