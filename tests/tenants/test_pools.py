"""The platform grows by a second server: a pool there, its organizations, and moves between both."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from byoc.databases import alias_of
from byoc.models import Endpoint
from chats.models import Chat
from companions.models import Value
from humana.kernel import ports
from humana.kernel.errors import Conflict, HumanaError
from tenants.context import use_tenant
from tenants.db import aliases, breaker
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.queries import pools_with_room
from tenants.services.organizations import found_organization
from tenants.services.placing import pools, removing
from tenants.services.placing.moving import move, undo
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World, build_world
from tests.peers.customer_postgres import CustomerPostgres
from tests.tenants.test_customers_servers import one_role, two_roles  # noqa: F401
from tests.tenants.test_moving import until_over, worked_on
from tests.tenants.test_organizations import person
from tests.tenants.test_removing import rows_left
from tests.tenants.writers import people_at_work

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("pools are what it is about"),
    pytest.mark.battery,
]


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


def writing(world: World, inside: threading.Event, finish: threading.Event) -> threading.Thread:
    """Somebody in the middle of a transaction there, or trying to begin one."""

    def person() -> None:
        with suppress(HumanaError), use_tenant(world.context), tenant_atomic():
            Value.objects.create(title="Late", description="but committed")
            inside.set()
            finish.wait(20)
        connections.close_all()

    thread = threading.Thread(target=person)
    thread.start()
    return thread


def test_removal_waits_for_who_is_in_the_middle_of_writing_there(second: Placement) -> None:
    """Writers hold the residence at their own server, where the removal has to ask for it."""
    goes = lives_in(second)
    inside, finish = threading.Event(), threading.Event()
    person = writing(goes, inside, finish)
    assert inside.wait(10)
    threading.Timer(0.5, finish.set).start()
    until_over(removing.deprovision(organization=goes.organization, later=False))
    assert finish.is_set(), "it waited"
    person.join()
    assert not any(rows_left(second, goes.organization.id).values())


def test_nobody_begins_to_write_there_once_the_rows_are_erased(second: Placement, monkeypatch: Any) -> None:
    """Until the control plane forgets the organization, it still says that it lives there."""
    goes = lives_in(second)
    inside, finish = threading.Event(), threading.Event()
    finish.set()
    people: list[threading.Thread] = []
    remove_rows = removing.remove_rows

    def erased(*args: Any) -> dict[str, int]:
        gone = remove_rows(*args)
        people.append(writing(goes, inside, finish))
        assert not inside.wait(1)
        return gone

    monkeypatch.setattr(removing, "remove_rows", erased)
    until_over(removing.deprovision(organization=goes.organization, later=False))
    people[0].join()
    assert not inside.is_set()
    assert not any(rows_left(second, goes.organization.id).values())


def begun(world: World, pool: Placement) -> PlacementJob:
    return move(organization=world.organization, isolation=Isolation.ROW, pool=pool, later=False)


@pytest.fixture
def with_one_place(cloned_database: str) -> Iterator[Placement]:
    pool = pools.open_pool(name=f"Small {uuid.uuid4().hex[:6]}", capacity=1)
    yield pool
    for organization in pool.organizations.all():
        until_over(removing.deprovision(organization=organization, later=False))
    pool.delete()


def test_who_is_on_the_way_to_a_pool_has_the_place_already(with_one_place: Placement) -> None:
    first, second = lives_in_main(), lives_in_main()
    job = begun(first, with_one_place)
    assert with_one_place not in pools_with_room(besides=second.organization.placement)
    with pytest.raises(Conflict, match="takes no more"):
        begun(second, with_one_place)
    worked_on(undo(job=job, later=False))
    assert worked_on(begun(second, with_one_place)).state == PlacementJob.State.DONE
    with pytest.raises(Conflict, match="takes no more"):
        begun(first, with_one_place)


def test_the_way_back_is_open_though_the_pool_is_full_and_closed(with_one_place: Placement) -> None:
    """Its rows are there still."""
    first, second = lives_in_main(), lives_in_main()
    main = first.organization.placement
    for pool in (with_one_place, main):
        assert worked_on(begun(first, pool)).state == PlacementJob.State.DONE
        first.organization.refresh_from_db()
    assert worked_on(begun(second, with_one_place)).state == PlacementJob.State.DONE
    pools.close_pool(name=with_one_place.name)
    job = worked_on(begun(first, with_one_place))
    assert job.state == PlacementJob.State.DONE, job.error
    assert with_one_place.organizations.count() == 2


def lives_in_main() -> World:
    return lives_in(Placement.objects.get(schema_name="pool_main"))


@contextmanager
def only(*pools_left: Placement) -> Iterator[None]:
    """No other pool takes anybody within the block."""
    ready = Placement.objects.filter(isolation=Isolation.ROW, state=Placement.State.READY)
    others = list(ready.exclude(id__in=[one.id for one in pools_left]).values_list("id", flat=True))
    Placement.objects.filter(id__in=others).update(state=Placement.State.CLOSED)
    try:
        yield
    finally:
        Placement.objects.filter(id__in=others).update(state=Placement.State.READY)


def test_a_pool_whose_server_is_silent_is_passed_over(second: Placement, monkeypatch: Any) -> None:
    with only(second):
        assert founded_somewhere() == second
        monkeypatch.setitem(breaker._silent_until, second.database, time.monotonic() + 60)
        with pytest.raises(Conflict, match="no room"):
            founded_somewhere()


def test_many_sign_up_at_once_and_no_pool_is_overfilled(cloned_database: str) -> None:
    """Eight look for one of four places; the least loaded pool takes each, and the others are told."""
    small = [pools.open_pool(name=f"Small {uuid.uuid4().hex[:6]}", capacity=n) for n in (1, 1, 2)]
    came = threading.Barrier(8)
    settled: list[Placement | None] = []

    def signs_up() -> None:
        try:
            came.wait(10)
            settled.append(founded_somewhere())
        except Conflict:
            settled.append(None)
        finally:
            connections.close_all()

    people = [threading.Thread(target=signs_up) for _ in range(8)]
    with only(*small):
        for person in people:
            person.start()
        for person in people:
            person.join()
    taken = [one for one in settled if one is not None]
    assert len(settled) == 8
    assert [taken.count(one) for one in small] == [1, 1, 2]
    in_order = Organization.objects.filter(placement__in=small).order_by("created_at")
    assert {one.placement for one in in_order[:3]} == set(small), "each got one before any got a second"
    for organization in in_order:
        until_over(removing.deprovision(organization=organization, later=False))
    Placement.objects.filter(id__in=[one.id for one in small]).delete()


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
