"""What a customer's address may lead to: an old server, a hostile one, one that stops in the middle."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError, connections

from byoc.models import Endpoint
from byoc.services.databases import Address
from humana.kernel.egress import EgressRefused, dials
from humana.kernel.errors import EndpointError, HumanaError, Unavailable
from tenants.context import use_tenant
from tenants.db import aliases, breaker, catalogue, preflight
from tenants.db.backend import bounded
from tenants.models import Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.services.placing import removing
from tests.egress.conftest import Names, names  # noqa: F401
from tests.fixtures.organizations import World
from tests.peers.certificates import certificate_for
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.mariadb import NAME
from tests.peers.strange import (
    Answer,
    Listening,
    RefusingPostgres,
    SilentPostgres,
    StrangeMariaDB,
    TlsDoor,
    asks_for,
    of_version,
    says_nonsense,
    says_nothing,
    says_ok,
)
from tests.tenants.test_customers_servers import (  # noqa: F401
    _databases_of_their_own,
    ask,
    brings,
    lives_at,
    moves_in,
    on_mariadb,
    one_role,
    world,
)
from tests.tenants.test_moving import worked_on

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.pool_only("counts what an organization brought, and would find where it lives"),
    pytest.mark.battery,
]


@pytest.fixture
def there() -> Iterator[Callable[[Listening], Any]]:
    """Servers of a test, which end with it."""
    started: list[Listening] = []

    def start(server: Any) -> Any:
        started.append(server)
        return server

    yield start
    aliases.forget_all()
    for server in started:
        server.close()


def address_of(server: Listening) -> Address:
    engine = "mysql" if isinstance(server, StrangeMariaDB) else "postgresql"
    return Address(engine, server.host, server.port, "books", "u", "p", sslmode="disable")


def refused(world: World, server: Listening) -> str:  # noqa: F811
    """The sentence that the operator reads; nothing stays of the endpoint."""
    with pytest.raises(EndpointError) as said:
        brings(world, address_of(server))
    with use_tenant(world.context):
        assert not Endpoint.objects.filter(organization=world.organization).exists()
    return str(said.value)


@pytest.mark.parametrize("answer", [says_ok, says_nonsense], ids=["ok", "nonsense"])
def test_a_mariadb_that_is_none_is_said_to_be(world: World, there: Any, answer: Answer) -> None:  # noqa: F811
    assert "did not answer as expected" in refused(world, there(StrangeMariaDB(answer)))


def test_no_file_of_ours_is_sent_to_who_asks_for_one(world: World, there: Any, tmp_path: Path) -> None:  # noqa: F811
    secret = tmp_path / "secret"
    secret.write_text("the-key-of-the-house")
    server = there(StrangeMariaDB(asks_for(secret)))
    assert "did not answer as expected" in refused(world, server)
    lives_at(world, server, "mysql")
    assert isinstance(ask(world), OperationalError), "nor later, as anything but a server that is down"
    assert server.heard
    assert b"the-key" not in server.heard


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("5.5.5-10.4.30-MariaDB", "MariaDB 10.6 or newer"),
        ("10.5.20-MariaDB", "MariaDB 10.6 or newer"),
        ("5.7.44-log", "MariaDB 10.6 or newer"),
        ("8.0.36", "MariaDB 10.6 or newer"),
    ],
)
def test_an_old_mariadb_or_another_is_named(world: World, there: Any, version: str, sentence: str) -> None:  # noqa: F811
    assert sentence in refused(world, there(StrangeMariaDB(of_version(version), version)))


@pytest.mark.parametrize("version", ["13.4", "12.0", "9.6.24"])
def test_an_old_postgresql_is_told_which_one_is_needed(world: World, there: Any, version: str) -> None:  # noqa: F811
    assert "PostgreSQL 14 or newer" in refused(world, there(SilentPostgres(version)))


@pytest.fixture
def silent(there: Any, monkeypatch: pytest.MonkeyPatch) -> SilentPostgres:
    """It lets people in and says nothing more; we are impatient."""
    monkeypatch.setattr(preflight, "PATIENCE", 1)
    monkeypatch.setattr(bounded, "PATIENCE", 1.0)
    monkeypatch.setattr(bounded, "LONG_PATIENCE", 2.0)
    server: SilentPostgres = there(SilentPostgres())
    return server


@pytest.fixture(autouse=True)
def _not_for_long() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 50, "somebody waited"


def test_who_goes_silent_after_the_login_is_not_waited_for_in_the_console(
    world: World,  # noqa: F811
    silent: SilentPostgres,
) -> None:
    assert "does not answer" in refused(world, silent)


def test_nor_is_a_mariadb_that_does(world: World, there: Any) -> None:  # noqa: F811
    assert "does not answer" in refused(world, there(StrangeMariaDB(says_nothing)))


def test_nor_by_people_at_work(world: World, silent: SilentPostgres) -> None:  # noqa: F811
    lives_at(world, silent, "postgresql")
    for _time in range(2):
        assert isinstance(ask(world), OperationalError | HumanaError)


def test_nor_by_those_who_migrate_placements(world: World, silent: SilentPostgres) -> None:  # noqa: F811
    lives_at(world, silent, "postgresql")
    Placement.objects.filter(id=world.organization.placement_id).update(state="ready", migrated="chats:1")
    out = io.StringIO()
    with suppress(BaseException):
        call_command("migrate_placements", stdout=out)
    assert "went silent" in out.getvalue()


@pytest.mark.parametrize("command", ["migrate_placements", "audit_placements"])
def test_what_a_server_says_does_nothing_to_a_terminal(world: World, there: Any, command: str) -> None:  # noqa: F811
    lives_at(world, there(RefusingPostgres("go \x1b[2J\x1b]0;owned\x07 away \u202e")), "postgresql")
    Placement.objects.filter(id=world.organization.placement_id).update(state="ready", migrated="chats:1")
    out = io.StringIO()
    with suppress(CommandError, SystemExit):
        call_command(command, stdout=out)
    assert "away" in out.getvalue()
    assert not set(out.getvalue()) & {"\x1b", "\x07", "\u202e"}


def test_nor_does_the_name_of_a_table(
    world: World,  # noqa: F811
    one_role: Address,  # noqa: F811
    customer_postgres: CustomerPostgres,
) -> None:
    moves_in(world, one_role)
    place = world.organization.placement
    with customer_postgres.connect(one_role.database) as customer:
        customer.execute(f'CREATE TABLE "{place.schema_name}"."stray\x1b[2J" ()'.encode())
    with use_tenant(world.organization.context), owner_connection(place.database) as connection:
        expected = catalogue.Expected(place.schema_name, one_role.user, one_role.user)
        (problem, *_rest) = [one for one in catalogue.problems(connection, expected) if "stray" in one]
    assert problem.isprintable()


def test_nor_by_a_worker_that_removes_or_moves(world: World, silent: SilentPostgres) -> None:  # noqa: F811
    lives_at(world, silent, "postgresql")
    job = worked_on(removing.deprovision(organization=world.organization, later=False))
    assert job.state == PlacementJob.State.RUNNING, "it is tried again"
    assert job.error


def test_without_the_bound_they_would_wait(
    world: World,  # noqa: F811
    silent: SilentPostgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lives_at(world, silent, "postgresql")
    monkeypatch.setattr(bounded, "PATIENCE", 8.0)
    began = time.monotonic()
    ask(world)
    assert time.monotonic() - began > 4, "as long as they are let"


@pytest.fixture
def over_tls(
    one_role: Address,  # noqa: F811
    customer_postgres: CustomerPostgres,
    there: Any,
    names: Names,  # noqa: F811
    tmp_path: Path,
) -> Address:
    """PostgreSQL by the name that its certificate is made out to; it has another one."""
    for name in (NAME, "other.example"):
        names(name, [customer_postgres.host])
    door = there(TlsDoor(customer_postgres.port, *certificate_for(NAME, tmp_path)))
    return replace(one_role, host=NAME, port=door.port, sslmode="verify-full")


def test_postgresql_is_spoken_to_over_tls(
    world: World,  # noqa: F811
    over_tls: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))  # whom this machine trusts
    moves_in(world, over_tls)
    alias = world.organization.placement.database
    with use_tenant(world.organization.context), connections[alias].cursor():
        assert connections[alias].connection.pgconn.ssl_in_use


def test_a_certificate_of_another_authority_is_refused(
    world: World,  # noqa: F811
    over_tls: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "another").mkdir()
    another, _key = certificate_for(NAME, tmp_path / "another")
    monkeypatch.setenv("SSL_CERT_FILE", str(another))
    with pytest.raises(EndpointError, match="encrypted"):
        brings(world, over_tls)
    monkeypatch.delenv("SSL_CERT_FILE")  # the authorities that the machine comes with
    with pytest.raises(EndpointError, match="encrypted"):
        brings(world, over_tls)


def test_a_certificate_of_another_name_is_refused(
    world: World,  # noqa: F811
    over_tls: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with pytest.raises(EndpointError, match="encrypted"):
        brings(world, replace(over_tls, host="other.example"))


@pytest.mark.parametrize("engine", ["postgresql", pytest.param("mysql", marks=pytest.mark.needs("mariadb"))])
def test_a_name_that_leads_elsewhere_by_now_is_followed(
    world: World,  # noqa: F811
    request: pytest.FixtureRequest,
    engine: str,
    names: Names,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The customer's primary died; its name is of another server from now on. Nobody restarts us."""
    monkeypatch.setitem(aliases.POOL, "timeout", 1)
    asked = names("books.failover.example", ["127.0.0.9"], ["127.0.0.1"])
    address = request.getfixturevalue("one_role" if engine == "postgresql" else "on_mariadb")
    lives_at(world, address, engine, "books.failover.example")
    assert isinstance(ask(world), OperationalError)
    assert len(asked) == 1
    assert isinstance(ask(world), Unavailable), "the pause holds, though the settings are new"
    pause_ends()
    said = ask(world)  # that server is there; no tables of ours are
    assert isinstance(said, ProgrammingError), said
    assert len(asked) == 2


def pause_ends() -> None:
    for alias in breaker._silent_until:
        breaker._silent_until[alias] = time.monotonic() - 1


def test_other_threads_follow_too(
    world: World,  # noqa: F811
    one_role: Address,  # noqa: F811
    names: Names,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of them had the address that leads nowhere in hand."""
    monkeypatch.setitem(aliases.POOL, "timeout", 1)
    names("books.failover.example", ["127.0.0.9"], ["127.0.0.1"])
    lives_at(world, one_role, "postgresql", "books.failover.example")
    with use_tenant(world.context), ThreadPoolExecutor(1) as another:
        wrapper = another.submit(copy_context().run, lambda: connections[world.placement.alias]).result()
        ask(world)
        pause_ends()
        assert isinstance(another.submit(copy_context().run, ask, world).result(), ProgrammingError)
        assert (
            another.submit(copy_context().run, lambda: connections[world.placement.alias]).result() is wrapper
        )


def test_each_address_of_a_name_is_judged_anew(
    world: World,  # noqa: F811
    there: Any,
    names: Names,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that was granted may not lead to what nobody may dial; each dial is recorded."""
    monkeypatch.setitem(aliases.POOL, "timeout", 1)
    names("books.rebound.example", ["127.0.0.9"], ["10.0.0.7"], ["169.254.169.254"])
    lives_at(world, there(SilentPostgres()), "postgresql", "books.rebound.example")
    ask(world)
    assert ("books.rebound.example", "127.0.0.9") in recorded()
    aliases.forget_all()
    with use_tenant(world.context):
        assert connections.settings[world.placement.alias]["OPTIONS"]["hostaddr"] == "10.0.0.7"
    assert ("books.rebound.example", "10.0.0.7") in recorded(), "private, by the operator's grant"
    aliases.forget_all()
    with use_tenant(world.context), pytest.raises(Unavailable) as said:
        assert connections.settings[world.placement.alias]
    assert isinstance(said.value.__cause__, EgressRefused)
    assert "public address" in str(said.value.__cause__)
    assert "169.254.169.254" not in {address for _host, address in recorded()}


def recorded() -> list[tuple[str, str]]:
    return [(dial.host, dial.address) for dial in dials]
