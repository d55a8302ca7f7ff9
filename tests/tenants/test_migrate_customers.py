"""Databases of customers are brought up to the code too, and one that does not answer stops nobody."""

from __future__ import annotations

import socket
import sqlite3
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from humana.kernel import ports
from humana.settings.database import database
from tenants.context import use_tenant
from tenants.db.aliases import forget_all
from tenants.db.catalogue.reading import without_strangers
from tenants.models import Organization, Placement
from tenants.owner import owner_connection
from tests.plugins.databases import create
from tests.plugins.databases import drop as drop_database
from tests.plugins.services import Services, in_database, run_database
from tests.tenants.releases import (
    CHANGE,
    Terminal,
    has_weight,
    results,
    run,
)
from tests.tenants.schemas import ADD_FIELD, facts, next_release, tables

pytestmark = [pytest.mark.battery, pytest.mark.usefixtures("any_database")]


@contextmanager
def addresses(**known: dict[str, Any]) -> Iterator[None]:
    """Databases besides our own, as endpoints name them: with our two roles where they are PostgreSQL."""
    usual = ports.open_database._body
    app = connections.settings["default"]

    def opened(alias: str, owner: bool = False) -> dict[str, Any]:
        signed_in = (
            {} if owner or "USER" not in known[alias] else {"USER": app["USER"], "PASSWORD": app["PASSWORD"]}
        )
        return known[alias] | signed_in

    ports.open_database.fill(opened)
    try:
        yield
    finally:
        ports.open_database._body = usual
        forget_all()


@pytest.fixture
def elsewhere(services: Services, placements: list[Placement]) -> Iterator[dict[str, Any]]:
    """Another database of our server, which knows nothing of us yet."""
    name = f"{run_database()}_customer"
    create(name, template="template1")
    yield database(in_database(settings.DATABASE_OWNER_URL, name))
    forget_all()
    drop_database(name, services)


def place(name: str, alias: str, schema: str) -> None:
    Placement.objects.create(name=name, database=alias, schema_name=schema, isolation="database")


def test_databases_of_customers_come_along(
    owner: psycopg.Connection[Any], elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    file = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "rows.sqlite3")}
    place("Acme", "at_acme", "humana_acme")
    place("Boreal", "at_file", "humana_boreal")
    with addresses(at_acme=elsewhere, at_file=file):
        assert results() == {**dict.fromkeys(results(), "already"), "Acme": "migrated", "Boreal": "migrated"}
        with owner_connection("at_acme") as there:
            made, ours = facts(there, "humana_acme"), facts(owner, "own_00")
            mine, yours = made.pop("policies"), ours.pop("policies")
            assert made == ours
            asking = {one[0]: one[-1] for one in yours if one not in mine}
            assert asking.keys() == without_strangers().keys(), "nobody lives there who could be asked"
            assert all("tenants_membership" in one or "tenants_knownteam" in one for one in asking.values())
            assert tables(there, "public") == set()
        with next_release(ADD_FIELD):
            assert set(results().values()) == {"migrated"}
        with sqlite3.connect(file["NAME"]) as rows:
            assert rows.execute("SELECT count(*) FROM companions_value WHERE weight = 1").fetchone() == (0,)


def test_python_on_rows_is_run_where_a_database_has_no_schemas(
    placements: list[Placement], tmp_path: Path
) -> None:
    from companions.models import Value

    file = {"ENGINE": "tenants.db.sqlite", "NAME": str(tmp_path / "rows.sqlite3"), "OPTIONS": {}}
    place("Boreal", "at_file", "humana_boreal")
    with addresses(at_file=file):
        assert results()["Boreal"] == "migrated"
        lives_there = Placement.objects.get(name="Boreal")
        organization = Organization.objects.create(slug="boreal-file", name="Boreal", placement=lives_there)
        with use_tenant(organization.context):
            Value.objects.create(title="Calm", description="Before")
        with next_release(CHANGE):
            assert results()["Boreal"] == "migrated"
        with use_tenant(organization.context):
            assert [one.description for one in Value.objects.all()] == ["After"]


def test_who_does_not_answer_is_given_three_seconds(
    owner: psycopg.Connection[Any], placements: list[Placement]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place("Silent", "at_silent", "humana_silent")
        place("Unknown", "at_unknown", "humana_unknown")
        url = f"postgresql://owner:secret@127.0.0.1:{silent.getsockname()[1]}/rows"
        with addresses(at_silent=database(url)), next_release(ADD_FIELD):
            began = time.monotonic()
            report = {one["placement"]: one for one in run()}
            assert time.monotonic() - began < 10
    assert report["Silent"]["problem"].startswith("Its database did not answer: ")
    assert "secret" not in report["Silent"]["problem"]
    assert {name for name, one in report.items() if one["result"] == "failed"} == {"Silent", "Unknown"}
    assert has_weight(owner, "own_00")


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a PostgreSQL that lets people in, and never says another word."""
    came: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_let_in, args=[listening, came], daemon=True).start()
        yield listening.getsockname()[1]
    for one in came:
        one.close()


def _let_in(listening: socket.socket, came: list[socket.socket]) -> None:
    with suppress(OSError):
        while True:
            peer, _address = listening.accept()
            came.append(peer)
            while b"user" not in peer.recv(1000):
                peer.sendall(b"N")  # no encryption
            said = {b"R": struct.pack("!I", 0), b"S": b"server_version\x0016.1\0", b"Z": b"I"}
            for kind, body in said.items():
                peer.sendall(kind + struct.pack("!I", len(body) + 4) + body)


def test_who_goes_silent_after_the_sign_in_is_left_behind(
    owner: psycopg.Connection[Any], placements: list[Placement], silent: int
) -> None:
    """A line of its own, after everybody in our database and before those who come after."""
    place("Silent", "at_a_silent", "humana_silent")
    place("Unknown", "at_unknown", "humana_unknown")
    url = f"postgresql://owner:secret@127.0.0.1:{silent}/rows"
    with addresses(at_a_silent=database(url)), next_release(ADD_FIELD):
        began = time.monotonic()
        report = run(deadline=2)
        assert time.monotonic() - began < 10
    assert [one["placement"] for one in report if one["result"] == "failed"] == ["Silent", "Unknown"]
    said = report[-2]["problem"]
    assert said.startswith("Its database did not answer: nothing was heard within 2 seconds. See that")
    assert has_weight(owner, "own_03")


def test_the_main_database_is_first(placements: list[Placement]) -> None:
    """Most people are there; a customer's server may be far away."""
    place("Aa", "at_unknown", "humana_unknown")
    Placement.objects.filter(name="Aa").update(isolation="row")
    assert [one["placement"] for one in run()] == ["Main pool", *(f"Own 0{n}" for n in range(4)), "Aa"]


@pytest.mark.parametrize("option", ["--deadline", "--lock-timeout"])
@pytest.mark.parametrize("value", ["0", "-1", "soon"])
def test_a_wait_without_end_is_no_wait(option: str, value: str) -> None:
    with pytest.raises(CommandError):
        call_command("migrate_placements", option, value)


def test_the_problem_of_a_failure_stands_above_the_bar(placements: list[Placement]) -> None:
    place("Unknown", "at_unknown", "humana_unknown")
    out = Terminal()
    with pytest.raises(CommandError, match="1 of 6 placements were not migrated"):
        call_command("migrate_placements", stdout=out)
    assert "Unknown: failed " in out.getvalue()
    assert "Placements: 5 already, 1 failed." in out.getvalue()


def test_a_customers_own_stops_no_deploy(placements: list[Placement]) -> None:
    place("Unknown", "at_unknown", "humana_unknown")
    call_command("migrate_placements", "--go-on", verbosity=0)
    call_command("migrate", verbosity=0)
    with pytest.raises(CommandError, match="were not migrated"):
        call_command("migrate_placements", verbosity=0)
