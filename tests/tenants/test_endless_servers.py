"""A customer's database that answers without end: who looks at it is told so, in time and memory."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.utils.translation import override

from byoc.adapters.database import make
from byoc.contracts import EndpointSpec
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import EndpointError
from tenants.db import aliases, preflight
from tenants.db.backend import bounded
from tests.egress.test_hostile import MIB, Memory
from tests.fixtures.organizations import World, build_world
from tests.peers.strange import ENDLESS, EndlessMariaDB, EndlessPostgres
from tests.tenants.test_customers_servers import Address, ask, brings, lives_at

pytestmark = [
    pytest.mark.adapters,
    pytest.mark.needs("linux"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("an organization is led to a server that is none"),
]
KINDS = [(engine, way) for engine, ways in ENDLESS.items() for way in ways]
TOO_MUCH, SILENT, STRANGE = "more than any answer can be", "does not answer", "did not answer as expected"
#: With what sentence each ends; the others are cut off by their size.
SAID = {"drip": SILENT, "asks for a file": STRANGE}


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"endless-{uuid.uuid4().hex[:8]}")


@pytest.fixture(params=KINDS, ids=[f"{engine}-{way}" for engine, way in KINDS])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    engine, way = request.param
    monkeypatch.setattr(preflight, "PATIENCE", 2)
    monkeypatch.setattr("byoc.adapters.database.base.PATIENCE", 2)
    monkeypatch.setattr("byoc.adapters.database.postgresql.DEADLINE", 2.0)
    made = EndlessPostgres(way) if engine == "postgresql" else EndlessMariaDB(way)
    yield made
    aliases.forget_all()
    made.close()


def engine_of(server: Any) -> str:
    return "postgresql" if isinstance(server, EndlessPostgres) else "mysql"


def test_who_brings_it_is_told(world: World, server: Any) -> None:
    address = Address(engine_of(server), server.host, server.port, "books", "u", "p", sslmode="disable")
    memory, began = Memory(), time.monotonic()
    with override("en"), pytest.raises(EndpointError) as said:
        brings(world, address)
    assert time.monotonic() - began < 15
    assert memory.grown() < 96 * MIB
    assert server.sent < 64 * MIB
    assert SAID.get(server.way, TOO_MUCH) in str(said.value)


async def test_who_looks_how_it_is_is_told(server: Any) -> None:
    engine = engine_of(server)
    spec = EndpointSpec(
        "Endless", "database", engine, f"{engine}://{server.host}:{server.port}", owner="o", version=1,
        id=str(uuid.uuid4()), options={"database": "books", "sslmode": "disable"},
        credentials={"user": "u", "password": "p"},
    )  # fmt: skip
    adapter = make(spec, Guard("o", [Grant("o", engine, server.port, "a test", host=server.host)]))
    memory, began = Memory(), time.monotonic()
    with override("en"):
        health = await adapter.health()
    assert time.monotonic() - began < 15
    assert memory.grown() < 96 * MIB
    assert not health.ok
    assert SAID.get(server.way, TOO_MUCH) in health.message


@pytest.mark.parametrize("server", [("postgresql", "rows"), ("mysql", "rows")], indirect=True)
def test_nor_do_people_at_work_fill_our_memory(world: World, server: Any) -> None:
    lives_at(world, server, engine_of(server))
    memory = Memory()
    ask(world)
    assert memory.grown() < 256 * MIB


@pytest.mark.parametrize("server", [("postgresql", "rows")], indirect=True)
def test_nor_does_one_that_let_them_in_before(server: Any) -> None:
    with bounded.Bounded.connect(
        host=server.host, port=server.port, dbname="books", user="u", sslmode="disable", autocommit=True
    ) as connection:
        connection.most = bounded.MOST
        memory = Memory()
        with pytest.raises(bounded.TooMuch):
            connection.execute("SELECT 1")
        assert memory.grown() < 256 * MIB
    assert server.sent > 32 * MIB


@pytest.mark.parametrize("server", [("postgresql", "rows")], indirect=True)
def test_without_the_bound_it_would_go_on(world: World, server: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(bounded, "_received", lambda descriptor: 0)
    monkeypatch.setattr(preflight, "PATIENCE", 5)
    address = Address("postgresql", server.host, server.port, "books", "u", "p", sslmode="disable")
    with pytest.raises(EndpointError):
        brings(world, replace(address))
    assert server.sent > 64 * MIB
