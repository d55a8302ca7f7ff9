"""Two look-alikes in each isolation model, and the pairs in which the matrix tries them.

`left` is the organization whose rows are tried, `right` is where it is tried from. With
`--organizations-on` what is `row` here lives where that says: on another engine, beside the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from itertools import cycle
from typing import Any

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from tenants.context import CONTROL_PLANE, PlacementRef, use_tenant
from tenants.db import aliases
from tenants.models import Isolation, Organization, Plan
from tenants.owner import owner_connection, owner_settings
from tests.fixtures.organizations import World, build_world, with_endpoint
from tests.fixtures.rows import CONTROL_MAKERS
from tests.plugins.databases import drop
from tests.plugins.services import Services

PLANS = {Isolation.ROW: Plan.FREE, Isolation.SCHEMA: Plan.BUSINESS, Isolation.DATABASE: Plan.ENTERPRISE}

Pair = tuple[str, str]
#: In one pool, in two schemas, in two databases of our server, and mixed.
PAIRS: list[Pair] = [
    ("row", "row"),
    ("schema", "schema"),
    ("database", "database"),
    ("row", "schema"),
    ("schema", "database"),
    ("row", "database"),
]
ALIKE = [pair for pair in PAIRS if pair[0] == pair[1]]
MIXED = [pair for pair in PAIRS if pair[0] != pair[1]]
#: Mixed ones the other way round too, where it matters from which side one looks.
BOTH_WAYS = PAIRS + [(there, here) for here, there in MIXED]


def _over(pairs: list[Pair]) -> pytest.MarkDecorator:
    cases = [pytest.param(pair, id=" ".join(pair), marks=_marks(pair)) for pair in pairs]
    return pytest.mark.parametrize("look_alikes", cases, indirect=True)


def _marks(pair: Pair) -> tuple[pytest.MarkDecorator, ...]:
    """What two alike tell, mixed ones tell once more: in CI."""
    return () if pair in ALIKE else (pytest.mark.battery,)


every_pair = _over(PAIRS)
every_pair_both_ways = _over(BOTH_WAYS)
every_isolation = _over(ALIKE)
#: For what walks through everything there is: in one pool every time, in every pair in CI.
every_pair_in_ci = pytest.mark.parametrize(
    "look_alikes",
    [
        pytest.param(pair, id=" ".join(pair), marks=() if pair == PAIRS[0] else pytest.mark.battery)
        for pair in PAIRS
    ],
    indirect=True,
)


def each_in_some_pair(name: str, values: Sequence[Any]) -> pytest.MarkDecorator:
    """Every value once, the pairs taken in turn: for what is decided before a placement is entered."""
    return in_these_pairs(name, list(zip(values, cycle(PAIRS), strict=False)))


def each_in_every_isolation(name: str, values: Sequence[Any]) -> pytest.MarkDecorator:
    """Every value with two of each isolation, and with one mixed pair: one of them every time, all in CI."""
    usual, mixed = cycle(ALIKE), cycle(MIXED)
    chosen = [
        pytest.param(value, pair, id=_case(value, pair), marks=() if pair == first else pytest.mark.battery)
        for value, first, other in zip(values, usual, mixed, strict=False)
        for pair in (*ALIKE, other)
    ]
    return pytest.mark.parametrize((name, "look_alikes"), chosen, indirect=["look_alikes"])


def in_these_pairs(name: str, chosen: list[tuple[Any, Pair]]) -> pytest.MarkDecorator:
    """Each of these values in the pair named beside it."""
    cases = [pytest.param(value, pair, id=_case(value, pair)) for value, pair in chosen]
    return pytest.mark.parametrize((name, "look_alikes"), cases, indirect=["look_alikes"])


def _case(value: Any, pair: Pair) -> str:
    return f"{value}-{' '.join(pair)}"


def build_worlds(*, in_pool: bool) -> dict[Pair, World]:
    """By isolation and side; only isolation can tell them apart."""
    worlds = {
        (str(isolation), side): with_endpoint(build_world(f"{isolation}-{side}", plan))
        for isolation, plan in PLANS.items()
        for side in ("left", "right")
    }
    for world in worlds.values():
        furnish_control_plane(world)
    for (isolation, _), world in worlds.items():
        assert world.placement.isolation == isolation or (isolation == Isolation.ROW and not in_pool)
    in_one_place = worlds["row", "left"].placement == worlds["row", "right"].placement
    assert in_one_place == in_pool, "both in one pool"
    return worlds


def furnish_control_plane(world: World) -> None:
    """One row of each table of the control plane that is under row-level security, alike in all worlds."""
    with use_tenant(world.context):
        for model, make in CONTROL_MAKERS.items():
            world.rows[model] = make(world, 0)
            world.rows[model].save()


class InPublic(World):
    """The same organization, looked at where its rows of the control plane are."""

    @property
    def placement(self) -> PlacementRef:
        return CONTROL_PLANE


def in_public(world: World) -> InPublic:
    return InPublic(**{one.name: getattr(world, one.name) for one in fields(world)})


def raze(worlds: Sequence[World | Organization], services: Services) -> None:
    """Drop the databases of these, whoever is still connected; what is in the clone goes with the clone."""
    names = [name for one in worlds if (name := database_of(one))]
    aliases.forget_all()
    for name in names:
        drop(name, services)


def database_of(world: World | Organization) -> str:
    """The name of the database of our server that is this organization's alone; empty where it has none."""
    alias = world.context.placement.alias
    with use_tenant(world.context):
        if alias == DEFAULT_DB_ALIAS or connections[alias].vendor != "postgresql":
            return ""
        name: str = owner_settings(alias)["NAME"]
        return name


@contextmanager
def nothing_stays(*worlds: World) -> Iterator[None]:
    """What is written in databases of their own within the block is rolled back, as in `default`."""
    try:
        with ExitStack() as open_transactions:
            for world in worlds:
                if world.placement.alias != DEFAULT_DB_ALIAS:
                    with use_tenant(world.context):
                        open_transactions.enter_context(undone(world.placement.alias))
            yield
    finally:
        aliases.close_mine()


@contextmanager
def undone(alias: str) -> Iterator[None]:
    with transaction.atomic(using=alias):
        yield
        transaction.set_rollback(True, using=alias)


def app_connection(world: World) -> psycopg.Connection[Any]:
    """SQL as the application's role, past Django, in the database where this organization lives."""
    with use_tenant(world.context):
        known = connections[world.placement.alias].settings_dict
    return psycopg.connect(
        host=known["HOST"],
        port=known["PORT"],
        user=known["USER"],
        password=known["PASSWORD"],
        dbname=known["NAME"],
    )


def owner_at(world: World) -> psycopg.Connection[Any]:
    """As the owner of its tables, in its schema, in autocommit."""
    with use_tenant(world.context):
        connection = owner_connection(world.placement.alias)
    connection.execute(f'SET search_path = "{world.placement.schema}", public'.encode())
    return connection
