"""The platform grows by a second server: a pool there, its organizations, and moves between both."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from byoc.databases import alias_of
from byoc.models import Endpoint
from chats.models import Chat
from humana.kernel import ports
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.services.organizations import found_organization
from tenants.services.placing import pools, removing
from tenants.services.placing.moving import move
from tests.fixtures.organizations import World, build_world
from tests.peers.customer_postgres import CustomerPostgres
from tests.tenants.test_customers_servers import one_role, two_roles  # noqa: F401
from tests.tenants.test_moving import until_over, worked_on
from tests.tenants.test_organizations import person
from tests.tenants.test_removing import rows_left
from tests.tenants.writers import people_at_work

pytestmark = pytest.mark.django_db(transaction=True)


def said(*arguments: Any, **options: Any) -> None:
    call_command("open_pool", *arguments, **options)


def url_of(server: CustomerPostgres, user: str, password: str, database: str) -> str:
    return f"postgresql://{user}:{password}@{server.host}:{server.port}/{database}?sslmode=disable"


@pytest.fixture
def there(two_roles: Any, customer_postgres: CustomerPostgres, monkeypatch: Any) -> None:  # noqa: F811
    """Another server of ours, with an owner of the tables beside the application's role."""
    books = two_roles.database
    application = url_of(customer_postgres, two_roles.user, two_roles.password, books)
    owner = url_of(customer_postgres, two_roles.owner_user, two_roles.owner_password, books)
    monkeypatch.setenv("POOL_DATABASE_URL", application)
    monkeypatch.setenv("POOL_OWNER_URL", owner)


@pytest.fixture
def second(there: None, cloned_database: str) -> Iterator[Placement]:
    name = f"Second {uuid.uuid4().hex[:6]}"
    said(name, capacity=3)
    yield Placement.objects.get(name=name)
    for organization in Organization.objects.filter(placement__database__startswith="at_p"):
        until_over(removing.deprovision(organization=organization, later=False))
    Placement.objects.filter(name=name).delete()
    Endpoint.objects.filter(organization=None).delete()
    aliases.forget_all()


def lives_in(pool: Placement) -> World:
    Placement.objects.exclude(id=pool.id).update(state=Placement.State.CLOSED)
    try:
        return build_world(f"grown-{uuid.uuid4().hex[:8]}")
    finally:
        Placement.objects.update(state=Placement.State.READY)


def founded_somewhere() -> Placement:
    slug = f"grown-{uuid.uuid4().hex[:8]}"
    owner = person(f"dora@{slug}.example")
    return found_organization(name="Grown", slug=slug, owner=owner, furnish=False).placement


def test_new_organizations_go_to_the_least_loaded_server_until_it_is_full(second: Placement) -> None:
    main = Placement.objects.get(schema_name="pool_main")
    founded: list[Placement] = []
    while founded.count(second) < 3 and len(founded) < 3 + main.organizations.count() + 3:
        founded.append(founded_somewhere())
    assert second.database.startswith("at_p"), "on the other server"
    assert founded.count(second) == 3, "as many as it takes"
    assert founded_somewhere() == main, "who comes after that lives where there is room"


def test_two_organizations_there_see_nothing_of_each_other(second: Placement) -> None:
    left, right = lives_in(second), lives_in(second)
    assert left.organization.placement == right.organization.placement == second
    with use_tenant(left.context):
        ours = set(Chat.objects.values_list("id", flat=True))
        with connections[second.database].cursor() as cursor:
            cursor.execute("SELECT id FROM chats_chat")  # as SQL that forgot whose rows it wants
            assert {row[0] for row in cursor.fetchall()} == ours
    with use_tenant(right.context):
        assert ours.isdisjoint(Chat.objects.values_list("id", flat=True))


def test_an_organization_moves_there_while_people_work_and_back(second: Placement) -> None:
    main = Placement.objects.get(schema_name="pool_main")
    world = lives_in(main)
    with people_at_work(world.organization.id, number=3) as people:
        for pool in (second, main):
            job = worked_on(
                move(organization=world.organization, isolation=Isolation.ROW, pool=pool, later=False)
            )
            assert job.state == PlacementJob.State.DONE, job.error
            world.organization.refresh_from_db()
            assert world.organization.placement == pool
    assert people.found() == people.must_be_there()


def test_who_is_removed_leaves_no_row_there(second: Placement) -> None:
    stays, goes = lives_in(second), lives_in(second)
    key = goes.organization.id
    assert all(rows_left(second, key).values())
    until_over(removing.deprovision(organization=goes.organization, later=False))
    assert not any(rows_left(second, key).values())
    assert all(rows_left(second, stays.organization.id).values())


def test_what_does_not_isolate_is_not_opened_and_goes_on_once_mended(
    there: None, cloned_database: str, monkeypatch: Any
) -> None:
    name = f"Second {uuid.uuid4().hex[:6]}"
    with monkeypatch.context() as patch:
        patch.setattr(pools, "prove_tables", _cut_off)
        with pytest.raises(RuntimeError):
            said(name)
    begun = Placement.objects.get(name=name)
    assert begun.state == Placement.State.PREPARING
    assert begun not in Placement.objects.filter(state=Placement.State.READY)
    said(name)
    begun.refresh_from_db()
    assert begun.state == Placement.State.READY
    assert Endpoint.objects.filter(organization=None).count() == 1, "the same server, not once more"
    with pytest.raises(CommandError):
        said(name)
    said(name, close=True)
    begun.refresh_from_db()
    assert begun.state == Placement.State.CLOSED
    begun.delete()
    Endpoint.objects.filter(organization=None).delete()


def test_a_server_joined_for_a_pool_that_was_never_begun_is_joined_once(
    there: None, cloned_database: str
) -> None:
    name = f"Second {uuid.uuid4().hex[:6]}"
    application, owner = os.environ["POOL_DATABASE_URL"], os.environ["POOL_OWNER_URL"]
    first = ports.join_server(name=name, url=application, owner_url=owner)  # and then the power failed
    said(name)
    pool = Placement.objects.get(name=name)
    assert pool.database != first
    assert [alias_of(one) for one in Endpoint.objects.filter(organization=None)] == [pool.database]
    pool.delete()
    Endpoint.objects.filter(organization=None).delete()


def _cut_off(placement: Placement) -> None:
    raise RuntimeError("the power failed")


@pytest.mark.parametrize("url", ["mysql://a:b@127.0.0.1/books", "postgresql://a:b@127.0.0.1:x/books"])
def test_an_address_that_cannot_be_is_refused(url: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("POOL_DATABASE_URL", url)
    with pytest.raises(CommandError):
        said("Nowhere")
    assert not Placement.objects.filter(name="Nowhere").exists()
    assert not Endpoint.objects.filter(organization=None).exists()
