"""A person and their organization come to be together, or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from psycopg import sql

from byoc.services.databases import Address
from companions.models import Companion, Value
from companions.services.policies import keep_value
from humana.kernel import ports
from tenants.context import use_tenant
from tenants.db import aliases, breaker
from tenants.models import Organization, Placement, PlacementJob, User
from tenants.services.placing import jobs
from tests.peers.customer_postgres import CustomerPostgres
from tests.tenants.test_customers_servers import one_role, two_roles  # noqa: F401
from tests.tenants.test_moving import until_over
from tests.tenants.test_pools import second, there  # noqa: F401

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("who signs up lives in a pool"),
]


class PowerCut(BaseException):
    """Nothing that anybody handles."""


@pytest.fixture
def typed(cloned_database: str) -> dict[str, str]:
    key = uuid.uuid4().hex[:8]
    return {
        "name": "Dora",
        "organization": f"Vale {key}",
        "email": f"dora@{key}.example",
        "password1": "quiet-harbour-71",
    }


@pytest.fixture
def no_room(cloned_database: str) -> Iterator[None]:
    Placement.objects.update(capacity=0)
    yield
    Placement.objects.update(capacity=None)


def sign_up(typed: dict[str, str]) -> int:
    client = Client(headers={"accept-language": "en"})
    return client.post("/accounts/signup/", typed).status_code


def known(typed: dict[str, str]) -> tuple[bool, bool]:
    """Whether there is such a person, and such an organization."""
    person = User.objects.filter(email=typed["email"]).exists()
    return person, Organization.objects.filter(name=typed["organization"]).exists()


@contextmanager
def furnishing(act: Callable[[Organization], None]) -> Iterator[None]:
    """What an organization starts with is written by `act` meanwhile."""
    usual = ports.furnish_organization._body
    ports.furnish_organization.fill(act)
    try:
        yield
    finally:
        ports.furnish_organization._body = usual


def half(error: type[BaseException]) -> Callable[[Organization], None]:
    def furnish(organization: Organization) -> None:
        keep_value(title="Half", description="written before it failed")
        raise error

    return furnish


def test_who_finds_no_room_can_sign_up_again(typed: dict[str, str], no_room: None) -> None:
    assert sign_up(typed) == 409
    assert known(typed) == (False, False)
    Placement.objects.update(capacity=None)
    assert sign_up(typed) == 302
    assert known(typed) == (True, True)


def test_where_the_power_fails_nothing_is_half_made(typed: dict[str, str]) -> None:
    with furnishing(half(PowerCut)), pytest.raises(PowerCut):
        sign_up(typed)
    assert known(typed) == (False, False)
    assert sign_up(typed) == 302


def test_what_could_not_be_furnished_is_open_and_furnished_by_a_worker(typed: dict[str, str]) -> None:
    with furnishing(half(ConnectionError)):
        assert sign_up(typed) == 302
    organization = Organization.objects.get(name=typed["organization"])
    assert organization.state == Organization.State.ACTIVE
    with use_tenant(organization.context):
        assert not Value.objects.exists(), "nor half of it"
    pool = Placement.objects.filter(id=organization.placement_id)
    pool.update(state=Placement.State.CLOSED)
    try:
        job = jobs.work_on(PlacementJob.objects.get(organization=organization).id)
        assert job is not None
        assert job.state == PlacementJob.State.DONE, job.error
        assert pool.get().state == Placement.State.CLOSED, "it is not opened along the way"
    finally:
        pool.update(state=Placement.State.READY)
    with use_tenant(organization.context):
        assert Companion.objects.count() == 2


@pytest.fixture
def only_the_second(second: Placement) -> Iterator[Placement]:  # noqa: F811
    """Who signs up lives on another server of ours."""
    main = Placement.objects.filter(schema_name="pool_main")
    main.update(state=Placement.State.CLOSED)
    yield second
    main.update(state=Placement.State.READY)


def test_who_signs_up_on_another_server_is_furnished_there(
    typed: dict[str, str], only_the_second: Placement
) -> None:
    assert sign_up(typed) == 302
    organization = Organization.objects.get(name=typed["organization"])
    assert organization.placement == only_the_second
    with use_tenant(organization.context):
        assert Companion.objects.count() == 2
    assert not PlacementJob.objects.filter(organization=organization).exists()


def test_where_that_server_does_not_answer_the_organization_is_furnished_later(
    typed: dict[str, str],
    only_the_second: Placement,
    customer_postgres: CustomerPostgres,
    two_roles: Address,  # noqa: F811
) -> None:
    aliases.forget_all()
    with customer_postgres.server.connect("postgres") as administrator:
        name = sql.Identifier(two_roles.database)
        administrator.autocommit = True
        administrator.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        try:
            assert sign_up(typed) == 302
        finally:
            administrator.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
            breaker.forget(only_the_second.database)  # as after a few seconds
    organization = Organization.objects.get(name=typed["organization"])
    assert organization.state == Organization.State.ACTIVE
    until_over(PlacementJob.objects.get(organization=organization))
    with use_tenant(organization.context):
        assert Companion.objects.count() == 2
