"""An operator joins a database that a customer brings, from the organization's placement."""

from __future__ import annotations

import html
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse
from django.utils.translation import override

from byoc.console_forms import BringForm
from byoc.models import Endpoint
from byoc.queries import brought_by
from byoc.services.databases import Address
from humana.kernel.errors import Conflict
from tenants.context import use_tenant, without_tenant
from tenants.db import aliases, preflight
from tenants.models import ControlEvent, Isolation, PlacementJob, User
from tenants.services.placing import jobs
from tenants.services.placing.places import place_for
from tests.admin.conftest import Desk
from tests.fixtures.organizations import World, build_world
from tests.peers.customer_postgres import CustomerPostgres

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("counts what an organization brought, and would find where it lives"),
]


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"bringer-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def desk(cloned_database: str) -> Desk:
    name = f"op-{uuid.uuid4().hex[:8]}@humana.example"
    return Desk(User.objects.create_user(name, "quiet-harbour-71", name="Olga", is_staff=True))


@pytest.fixture
def theirs(customer_postgres: CustomerPostgres) -> Iterator[dict[str, str]]:
    """What an operator types for a database that is there."""
    name = f"books_{uuid.uuid4().hex[:8]}"
    with customer_postgres.another_database(name):
        yield {
            "act": "bring",
            "name": "Our books",
            "engine": "postgresql",
            "host": customer_postgres.host,
            "port": str(customer_postgres.port),
            "database": name,
            "user": customer_postgres.user,
            "password": customer_postgres.password,
            "sslmode": "disable",
        }
        aliases.forget_all()


def press(desk: Desk, world: World, fields: dict[str, str]) -> Any:
    return desk.client.post(reverse("console-placement", args=[world.slug]), fields, follow=True)


def told(answer: Any) -> str:
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def page(desk: Desk, world: World) -> str:
    return told(desk.client.get(reverse("console-placement", args=[world.slug])))


def complaints(answer: Any) -> dict[str, list[str]]:
    with override("en"):
        return {name: list(said) for name, said in answer.context["bring_form"].errors.items()}


def kept(world: World) -> list[Endpoint]:
    with use_tenant(world.context):
        return list(Endpoint.objects.filter(organization=world.organization))


def test_it_joins_and_the_organization_moves_there(
    desk: Desk, world: World, theirs: dict[str, str], caplog: Any
) -> None:
    assert "takes a few seconds" in page(desk, world)
    with caplog.at_level(logging.DEBUG):
        joined = told(press(desk, world, theirs))
    assert "The database has joined" in joined
    assert f"{theirs['host']}:{theirs['port']}/{theirs['database']}" in joined
    assert "not encrypted" in joined
    assert "Nothing lives in it." in joined
    assert "Its own database “Our books”" in joined
    everything = joined + caplog.text + events(world) + str(dict(desk.client.session))
    assert theirs["password"] not in everything
    way = f"at_o{kept(world)[0].id.hex}_1"
    press(desk, world, {"act": "move", "way": way})
    job = jobs.work_on(PlacementJob.objects.get(organization=world.organization).id)
    assert job is not None
    assert job.state == PlacementJob.State.DONE, job.error
    world.organization.refresh_from_db()
    assert world.organization.placement.database == way
    there = page(desk, world)
    assert "The organization lives in it." in there
    assert 'value="forget"' not in there


def events(world: World) -> str:
    with use_tenant(world.context):
        mine = list(ControlEvent.objects.values_list("payload", flat=True))
    with without_tenant(reason="a test reads the platform's events"):
        return f"{mine} {list(ControlEvent.objects.values_list('payload', flat=True))}"


@pytest.mark.in_turn(4)
@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"password": "guessed-word"}, "__all__", "user or the password"),
        ({"database": "missing"}, "__all__", "no database of this name"),
        ({"port": "1"}, "__all__", "does not answer"),
        ({"sslmode": "verify-full"}, "__all__", "encrypted"),
        ({"host": "db.example@127.0.0.1"}, "host", "nothing else"),
        ({"host": "postgresql://127.0.0.1"}, "host", "nothing else"),
        ({"host": "127.0.0.1/books"}, "host", "nothing else"),
        ({"host": "127.1"}, "host", "nothing else"),
        ({"port": "70000"}, "port", "65535"),
        ({"engine": "oracle"}, "engine", "valid choice"),
        ({"engine": "mysql", "sslmode": "require"}, "sslmode", "always proves"),
        ({"owner_user": "chief"}, "owner_password", "both"),
        ({"owner_password": "guessed-word"}, "owner_user", "both"),
        ({"name": "  "}, "name", "required"),
        ({"password": ""}, "password", "required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    desk: Desk, world: World, theirs: dict[str, str], wrong: dict[str, str], field: str, sentence: str
) -> None:
    answer = press(desk, world, theirs | wrong)
    assert answer.redirect_chain == []
    assert sentence in " ".join(complaints(answer)[field])
    shown = told(answer)
    assert sentence in shown
    assert 'value="Our books"' in shown or "name" in wrong, "what was typed is still there"
    assert theirs["password"] not in shown
    assert "guessed-word" not in shown
    assert kept(world) == []


def test_while_the_customer_is_asked_we_hold_nothing(
    desk: Desk, world: World, theirs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    usual = preflight._CHECKS["postgresql"]

    def look(connection: Any, owner: bool) -> dict[str, Any]:
        ours = connections["default"]
        held.append(ours.connection is not None or ours.in_atomic_block)
        return usual(connection, owner)

    monkeypatch.setitem(preflight._CHECKS, "postgresql", look)
    press(desk, world, theirs)
    assert held == [False, False]
    press(desk, world, {"act": "forget", "endpoint": str(kept(world)[0].id)})
    held.clear()
    monkeypatch.setattr(preflight, "lend_default", lambda: None)  # the guard switched off
    press(desk, world, theirs)
    assert held == [True, True]


def test_only_operators_bring_and_remove(desk: Desk, world: World, theirs: dict[str, str]) -> None:
    member = Desk(world.owner.user)
    assert press(member, world, theirs).status_code == 403
    assert kept(world) == []
    press(desk, world, theirs)
    forgets = {"act": "forget", "endpoint": str(kept(world)[0].id)}
    assert press(member, world, forgets).status_code == 403
    User.objects.filter(id=desk.user.id).update(is_staff=False)
    assert press(desk, world, forgets).status_code == 403
    assert len(kept(world)) == 1


def test_it_is_forgotten_where_nothing_lives_in_it(desk: Desk, world: World, theirs: dict[str, str]) -> None:
    press(desk, world, theirs)
    forgets = {"act": "forget", "endpoint": str(kept(world)[0].id)}
    gone = told(press(desk, world, forgets))
    assert "“Our books” is removed" in gone
    assert "It has brought none." in gone
    assert kept(world) == []
    assert press(desk, world, forgets).status_code == 404
    assert press(desk, world, {"act": "forget", "endpoint": "none"}).status_code == 404


def test_nor_is_it_forgotten_while_a_placement_is_in_it(
    desk: Desk, world: World, theirs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(desk, world, theirs)
    endpoint = kept(world)[0]
    place_for(
        organization=world.organization, isolation=Isolation.DATABASE, database=f"at_o{endpoint.id.hex}_1"
    )
    forgets = {"act": "forget", "endpoint": str(endpoint.id)}
    refused = told(press(desk, world, forgets))
    assert "“Our books” cannot be removed." in refused
    assert "a job is at work there" in refused
    assert "Its own database" not in refused, "nor is it a way to move"
    assert kept(world) == [endpoint]
    monkeypatch.setattr("byoc.services.databases.use_of", lambda endpoint: "")  # the guard switched off
    press(desk, world, forgets)
    assert kept(world) == []


def test_one_database_is_one_place(desk: Desk, world: World, theirs: dict[str, str]) -> None:
    press(desk, world, theirs)
    wanted: dict[str, Any] = {
        "organization": world.organization,
        "isolation": Isolation.DATABASE,
        "database": f"at_o{kept(world)[0].id.hex}_1",
    }
    place_for(**wanted)
    with override("en"), pytest.raises(Conflict, match="lives in this database already"):
        place_for(**wanted)


def test_a_database_is_brought_once_and_nobody_reads_by_whom(
    desk: Desk, world: World, theirs: dict[str, str], cloned_database: str
) -> None:
    neighbour = build_world(f"near-{uuid.uuid4().hex[:8]}")
    press(desk, neighbour, theirs)
    refused = press(desk, world, theirs | {"host": theirs["host"].upper()})
    assert "brought already" in " ".join(complaints(refused)["__all__"])
    assert neighbour.slug not in told(refused)
    assert kept(world) == []
    press(desk, neighbour, {"act": "forget", "endpoint": str(kept(neighbour)[0].id)})
    assert "has joined" in told(press(desk, world, theirs)), "it is free again"


def test_another_organizations_database_is_not_there(
    desk: Desk, world: World, theirs: dict[str, str], cloned_database: str
) -> None:
    neighbour = build_world(f"near-{uuid.uuid4().hex[:8]}")
    press(desk, neighbour, theirs)
    endpoint = kept(neighbour)[0]
    assert press(desk, world, {"act": "forget", "endpoint": str(endpoint.id)}).status_code == 404
    assert theirs["database"] not in page(desk, world)
    assert brought_by(world.organization) == []
    assert kept(neighbour) == [endpoint]


def test_with_another_organization_in_hand_it_is_the_pages_that_brings(
    desk: Desk, world: World, theirs: dict[str, str]
) -> None:
    neighbour = build_world(f"near-{uuid.uuid4().hex[:8]}")
    desk.take(neighbour)
    assert "has joined" in told(press(desk, world, theirs))
    assert len(kept(world)) == 1
    assert kept(neighbour) == []


def test_an_address_does_not_say_its_passwords() -> None:
    said = repr(Address("postgresql", "db", 1, "b", "u", "first-word", "o", "second-word"))
    assert "word" not in said


def test_the_usual_port_need_not_be_typed() -> None:
    usual = {"name": "A", "engine": "mysql", "host": "db.example", "database": "b", "user": "u"}
    form = BringForm({**usual, "password": " p ", "sslmode": "verify-full"})
    assert form.is_valid(), form.errors
    assert (form.address.port, form.address.password) == (3306, " p ")
    assert BringForm({**usual, "host": "::1", "password": "p", "sslmode": "disable"}).is_valid()
