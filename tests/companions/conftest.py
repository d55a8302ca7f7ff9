"""A bakery with people of every kind, entered for the length of a test; a mixed organization for who asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache

from companions.models import Companion
from companions.services.companions import create_companion
from tenants.context import TenantContext, use_tenant
from tenants.db import aliases, breaker
from tenants.models import Membership, Organization, User
from tenants.owner import owner_connection
from tenants.services.organizations import found_organization
from tests.fixtures.mixed import IN_DATABASE, Mixed, allow, found_mixed
from tests.plugins.databases import drop
from tests.plugins.services import Services

if TYPE_CHECKING:
    from tests.peers.tool_server import ToolPeer


@dataclass
class Bakery:
    organization: Organization
    people: dict[str, Membership] = field(default_factory=dict)

    @property
    def context(self) -> TenantContext:
        return self.organization.context

    def person(self, role: str) -> Membership:
        """Somebody with this role, hired when first asked for."""
        if role not in self.people:
            user = User.objects.create_user(f"{role}@bakery.example", None, name=role.title())
            self.people[role] = Membership.objects.create(
                organization=self.organization, user=user, role=role
            )
        return self.people[role]


def open_bakery() -> Bakery:
    owner = User.objects.create_user("owner@bakery.example", None, name="Olga")
    organization = found_organization(name="Bakery", owner=owner, slug="bakery", furnish=False)
    return Bakery(organization, {"owner": Membership.objects.get(user=owner)})


@pytest.fixture
def bakery(db: None) -> Iterator[Bakery]:
    opened = open_bakery()
    with use_tenant(opened.context):
        yield opened


@pytest.fixture
def baker(bakery: Bakery) -> Companion:
    """A companion with nothing but its own prompt."""
    return create_companion(name="Pão", purpose="Bakes", base_prompt="You are Pão, a baker.", language="en")


@pytest.fixture(scope="module")
def mixed(cloned_database: str, services: Services, django_db_blocker: Any) -> Iterator[Mixed]:
    """Made once for the module: a schema and a database take most of a second."""
    with django_db_blocker.unblock():
        made = found_mixed()
    yield made
    with django_db_blocker.unblock():
        aliases.forget_all()
        with owner_connection() as admin:
            names = admin.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'humana_mixed_%'"
            ).fetchall()
        for (name,) in names:  # by who may end the server's own work there, too
            drop(name, services)


@pytest.fixture(autouse=True)
def _no_placement_is_thought_silent(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "mixed" in request.fixturenames:
        with use_tenant(request.getfixturevalue("mixed").context):
            cache.clear()


@pytest.fixture
def database_down(mixed: Mixed, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(aliases.POOL, "timeout", 1)  # nobody here has to wait for it
    name = mixed.database
    aliases.forget_all()
    allow(name, "false")
    yield
    allow(name, "true")
    aliases.forget_all()
    breaker.forget(mixed.placements[IN_DATABASE].database)


@pytest.fixture(scope="module")
def tool_server() -> Iterator[ToolPeer]:
    from tests.peers.tool_server import ToolPeer

    peer = ToolPeer()
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture
def peer(tool_server: ToolPeer, bakery: Bakery) -> ToolPeer:
    """With a forecast and a picture, which the bakery may dial."""
    from tests.fixtures.grants import let_dial
    from tests.peers.tool_server import picture, weather

    tool_server.tools, tool_server.answers = [], {"forecast": weather, "paint": picture}
    tool_server.heads, tool_server.calls = [], []
    tool_server.lists("forecast", description="The weather\tof a city.\u202e", read_only_hint=True)
    tool_server.lists("paint", {"type": "object"}, destructive_hint=True)
    let_dial(bakery.organization, tool_server.origin)
    return tool_server
