"""`open_pool`: what cannot be is refused before anything is made; what was begun goes on, or is given up."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from byoc.models import Endpoint
from tenants.db import aliases
from tenants.models import Placement
from tenants.owner import owner_connection
from tenants.services.further import add_placement
from tenants.services.placing import pools
from tests.fixtures.organizations import build_world
from tests.peers.customer_postgres import CustomerPostgres
from tests.tenants.schemas import drop
from tests.tenants.test_customers_servers import one_role, two_roles  # noqa: F401
from tests.tenants.test_pools import there, url_of  # noqa: F401

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("pools are what it is about"),
]


@pytest.fixture
def name(cloned_database: str) -> Iterator[str]:
    """Of a pool, whose every trace is gone afterwards."""
    called = f"Pool {uuid.uuid4().hex[:6]}"
    yield called
    aliases.forget_all()
    made = Placement.objects.filter(isolation="row").exclude(schema_name="pool_main")
    with owner_connection() as owner:
        drop(owner, *made.filter(database="default").values_list("schema_name", flat=True))
    made.delete()
    Endpoint.objects.filter(organization=None).delete()


def said(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("open_pool", *arguments, stdout=out, **options)
    return out.getvalue().strip()


def refused(*arguments: str, **options: Any) -> str:
    with pytest.raises(CommandError) as refusal:
        said(*arguments, **options)
    return str(refusal.value)


def schemas(name: str) -> int:
    """How many schemas of that name our server has."""
    with owner_connection() as owner:
        found = owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name])
        return len(found.fetchall())


@pytest.fixture
def begun(name: str, monkeypatch: pytest.MonkeyPatch) -> Placement:
    """The power failed before it was proved."""
    with monkeypatch.context() as patch:
        patch.setattr(pools, "prove_tables", _cut_off)
        with pytest.raises(RuntimeError):
            said(name, capacity=3)
    return Placement.objects.get(name=name)


def _cut_off(placement: Placement) -> None:
    raise RuntimeError("the power failed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "y" * 1000},
        {"name": ""},
        {"name": "a\x00b"},
        {"capacity": -1},
        {"capacity": 2**31},
        {"zone": "z" * 41},
    ],
)
def test_what_cannot_be_is_refused_before_a_server_is_joined(
    name: str,
    there: None,  # noqa: F811
    wrong: dict[str, Any],
) -> None:
    told = {"name": name} | wrong
    assert refused(told.pop("name"), **told)
    assert not Endpoint.objects.filter(organization=None).exists(), "nobody's password is kept"
    assert not Placement.objects.filter(isolation="row").exclude(schema_name="pool_main").exists()


def test_a_place_that_is_being_prepared_for_an_organization_is_no_pool(name: str) -> None:
    world = build_world(f"near-{uuid.uuid4().hex[:8]}")
    place = add_placement(organization=world.organization, isolation="schema", name=name)
    assert refused(name) == "There is a placement of this name already."
    assert "no pool" in refused(name, close=True)
    place.refresh_from_db()
    assert (place.isolation, place.state) == ("schema", "preparing")


def test_a_server_that_stopped_answering_is_a_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DATABASE_OWNER_URL = "postgresql://humana_owner:wrong@127.0.0.1:1/humana"
    assert "does not answer" in refused(name)
    assert Placement.objects.get(name=name).state == Placement.State.PREPARING


def test_it_goes_on_with_what_is_asked_for_now(begun: Placement) -> None:
    assert said(begun.name, capacity=7, zone="br").startswith(f"{begun.name}: ")
    begun.refresh_from_db()
    assert (begun.state, begun.capacity, begun.zone) == ("ready", 7, "br")


def test_it_does_not_go_on_elsewhere(
    begun: Placement,
    two_roles: Any,  # noqa: F811
    customer_postgres: CustomerPostgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = url_of(customer_postgres, two_roles.user, two_roles.password, two_roles.database)
    monkeypatch.setenv("POOL_DATABASE_URL", url)
    assert "begun on another server" in refused(begun.name)
    assert not Endpoint.objects.filter(organization=None).exists()
    monkeypatch.delenv("POOL_DATABASE_URL")
    said(begun.name)


def test_one_begun_on_another_server_is_not_continued_here_or_on_a_third(
    there: None,  # noqa: F811
    begun: Placement,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert begun.database.startswith("at_p")
    with monkeypatch.context() as patch:
        patch.delenv("POOL_DATABASE_URL")
        assert "begun on another server" in refused(begun.name)
        for elsewhere in ("postgresql://a:b@127.0.0.1:1/books", "postgresql://a:b@127.0.0.1:x/books"):
            patch.setenv("POOL_DATABASE_URL", elsewhere)
            assert "begun on another server" in refused(begun.name)
    said(begun.name)
    assert Placement.objects.get(name=begun.name).state == Placement.State.READY


def test_one_that_was_never_opened_is_given_up_when_closed(begun: Placement) -> None:
    assert schemas(begun.schema_name) == 1
    assert said(begun.name, close=True) == f"{begun.name}: given up; nothing of it is left."
    assert schemas(begun.schema_name) == 0
    assert not Placement.objects.filter(id=begun.id).exists()
    assert said(begun.name), "and may be begun anew"


def test_with_a_pool_given_up_goes_how_to_sign_in_to_its_server(
    there: None,  # noqa: F811
    begun: Placement,
) -> None:
    assert Endpoint.objects.filter(organization=None).count() == 1
    said(begun.name, close=True)
    assert not Endpoint.objects.filter(organization=None).exists()


def test_one_that_is_open_is_closed_and_stays(name: str) -> None:
    said(name)
    assert "closed" in said(name, close=True)
    assert Placement.objects.get(name=name).state == Placement.State.CLOSED
    assert refused(name) == "There is a placement of this name already."
