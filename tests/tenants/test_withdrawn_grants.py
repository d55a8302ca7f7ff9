"""An operator withdraws what lets Humana dial a customer's database: from then on nobody reaches it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from byoc import endpoints
from byoc.models import EgressGrant
from byoc.services.databases import forget_database
from byoc.services.grants import Asked, grant_egress, withdraw_grant
from humana.kernel.errors import Unavailable
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import Isolation, User
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_customers_servers import (
    Address,
    brings,
    brought,  # noqa: F401
    moves_in,
    on_mariadb,  # noqa: F401
    one_role,  # noqa: F401
    two_roles,  # noqa: F401
)
from tests.tenants.test_moving import moved
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.adapters]


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"withdrawn-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def operator() -> User:
    return User.objects.create_user(f"{uuid.uuid4().hex[:8]}@operators.example", is_staff=True)


def grants_of(world: World) -> list[EgressGrant]:
    with use_tenant(world.context):
        return list(EgressGrant.objects.filter(organization=world.organization))


def reads(world: World) -> Any:
    client = Client()
    client.force_login(world.twin.user)
    return client.get(f"/o/{world.slug}/chats/{world.chat.id}/", headers={"Accept-Language": "en"})


def test_withdrawn_it_is_refused_at_once_and_granted_again_it_heals(
    world: World,
    brought: Address,  # noqa: F811
    operator: User,
) -> None:
    neighbour = build_world(f"beside-{uuid.uuid4().hex[:8]}")
    moves_in(world, brought)
    [grant] = grants_of(world)
    assert (grant.scheme, grant.port) == (brought.engine, brought.port)
    assert "Our books" in grant.reason
    assert world.question.text in reads(world).content.decode()
    alias = world.organization.placement.database
    was_open = aliases.held(alias).open

    withdraw_grant(organization=world.organization, grant_id=grant.id, operator=operator)
    refused = reads(world)
    assert refused.status_code == 503
    assert "ask an operator to grant the address again" in refused.content.decode()
    assert brought.host not in refused.content.decode()
    assert aliases.held(alias).open == 0, f"of {was_open} that were open"
    with pytest.raises(Unavailable), use_tenant(world.context):
        connections[alias].ensure_connection()
    assert reads(neighbour).status_code == 200

    asked = Asked(brought.engine, brought.port, "They asked for it again", host=brought.host)
    grant_egress(organization=world.organization, asked=asked, operator=operator)
    assert world.question.text in reads(world).content.decode()
    moved(world, Isolation.ROW)


def test_a_process_that_heard_of_it_from_afar_refuses_within_a_second(
    world: World,
    one_role: Address,  # noqa: F811
) -> None:
    """Its settings, its pool and an open connection are of before."""
    moves_in(world, one_role)
    assert reads(world).status_code == 200
    with use_tenant(world.context):  # as if another process had done it, whose word came here
        EgressGrant.objects.filter(organization=world.organization).delete()
    endpoints.forget()
    assert reads(world).status_code == 503
    assert aliases.held(world.organization.placement.database).open == 0


def test_what_joining_granted_goes_when_the_database_is_forgotten(
    world: World,
    one_role: Address,  # noqa: F811
) -> None:
    key = brings(world, one_role).removeprefix("at_o").partition("_")[0]
    assert len(grants_of(world)) == 1
    forget_database(organization=world.organization, endpoint_id=uuid.UUID(key))
    assert grants_of(world) == []
