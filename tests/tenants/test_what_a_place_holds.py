"""What a database cannot hold by itself is said, and nobody has to be asked for it."""

from __future__ import annotations

import html
import importlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from byoc.models import Endpoint
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import Isolation, Placement, User
from tenants.places import with_one_role, without_row_security
from tenants.services.further import add_placement
from tests.admin.conftest import Desk
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_customers_servers import (  # noqa: F401  fixtures
    brings,
    moves_in,
    on_mariadb,
    one_role,
    two_roles,
)

pytestmark = pytest.mark.django_db(transaction=True)
WITHOUT, ONE_ROLE = "row-level security", "given with one role"
ON_MARIADB = pytest.mark.needs("mariadb")
POOL_ONLY = pytest.mark.pool_only("where the organization lives would be its own server too")
KINDS = pytest.mark.parametrize(
    ("kind", "said"),
    [("one_role", "one"), ("two_roles", ""), pytest.param("on_mariadb", "none", marks=ON_MARIADB)],
)


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"holder-{uuid.uuid4().hex[:8]}")


@contextmanager
def out_of_reach(world: World) -> Iterator[None]:
    """The name of its database's server leads nowhere."""
    with use_tenant(world.context):
        endpoint = Endpoint.objects.exclude(origin="").get(organization=world.organization)
    for origin in ("postgresql://nowhere.invalid:5432", endpoint.origin):
        with use_tenant(world.context):
            Endpoint.objects.filter(id=endpoint.id).update(origin=origin)
        aliases.forget_all()
        if origin != endpoint.origin:
            yield


@pytest.mark.in_turn(2)
@KINDS
def test_people_and_operators_are_told_what_a_database_does_not_hold(
    world: World, kind: str, said: str, request: pytest.FixtureRequest
) -> None:
    moves_in(world, request.getfixturevalue(kind))
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(world.owner.user)
    trail = html.unescape(client.get(f"/o/{world.slug}/trail/").content.decode())
    assert (WITHOUT in trail, ONE_ROLE in trail) == (said == "none", said == "one")
    shown = operators_page(world)
    assert ("MariaDB has no row-level security: the organization is alone" in shown) == (said == "none")
    assert ("This database has one role" in shown) == (said == "one")
    assert "MariaDB has no row-level security: the application's own filter" in shown, "before one joins"


def operators_page(world: World) -> str:
    name = f"op-{uuid.uuid4().hex[:8]}@humana.example"
    desk = Desk(User.objects.create_user(name, "quiet-harbour-71", name="Olga", is_staff=True))
    return html.unescape(desk.client.get(reverse("console-placement", args=[world.slug])).content.decode())


@POOL_ONLY
@pytest.mark.in_turn(2)
@KINDS
def test_a_further_place_says_the_same(
    world: World, kind: str, said: str, request: pytest.FixtureRequest
) -> None:
    alias = brings(world, request.getfixturevalue(kind))
    add_placement(organization=world.organization, isolation=Isolation.DATABASE, database=alias, now=True)
    shown = operators_page(world)
    assert ("MariaDB has no row-level security: the organization is alone" in shown) == (said == "none")
    assert ("This database has one role" in shown) == (said == "one")


@POOL_ONLY
@pytest.mark.in_turn(2)
@KINDS
def test_nobody_is_asked_for_it(world: World, kind: str, said: str, request: pytest.FixtureRequest) -> None:
    """Its server may be gone, and its name lead nowhere."""
    moves_in(world, request.getfixturevalue(kind))
    here = world.organization.placement_id
    with out_of_reach(world), use_tenant(world.context):
        found = [[one.placement.id for one in read()] for read in (without_row_security, with_one_role)]
    assert found == [[here] if said == "none" else [], [here] if said == "one" else []]


@pytest.mark.in_turn(2)
@KINDS
def test_the_audit_says_what_it_could_not_ask(
    world: World, kind: str, said: str, request: pytest.FixtureRequest
) -> None:
    moves_in(world, request.getfixturevalue(kind))
    name = world.organization.placement.name
    (line,) = [one for one in audited().splitlines() if one.startswith(f"{name}: ")]
    expected = {"": "holds", "one": "holds, but for the trail", "none": "not asked: MariaDB has no row-level"}
    assert line.removeprefix(f"{name}: ").startswith(expected[said])
    (told,) = [one for one in json.loads(audited("--json")) if one["name"] == name]
    assert told["append_only"] == (said == "")


def audited(*options: str) -> str:
    """What is printed, whether or not all of it holds: the databases of other tests are gone."""
    out = StringIO()
    with suppress(CommandError):
        call_command("audit_placements", *options, stdout=out)
    return out.getvalue()


@pytest.mark.in_turn(2)
@KINDS
def test_a_place_from_before_this_was_noted_is_known_after_the_migration(
    world: World, kind: str, said: str, request: pytest.FixtureRequest
) -> None:
    moves_in(world, request.getfixturevalue(kind))
    rows = Placement.objects.filter(id=world.organization.placement_id)
    noted = rows.values("engine", "one_role").get()
    rows.update(engine="postgresql", one_role=False)
    migration: Any = importlib.import_module("byoc.migrations.0003_engines")
    migration.note_engines(apps, None)
    assert rows.values("engine", "one_role").get() == noted
