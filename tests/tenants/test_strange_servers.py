"""What a customer's address may lead to: an old server, a hostile one, one that stops in the middle."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections

from byoc.models import Endpoint
from byoc.services.databases import Address
from humana.kernel.errors import EndpointError, HumanaError
from tenants.context import use_tenant
from tenants.db import aliases, preflight
from tenants.db.backend import bounded
from tenants.models import Placement, PlacementJob
from tenants.services.placing import removing
from tests.egress.conftest import Names, names  # noqa: F401
from tests.fixtures.organizations import World
from tests.peers.certificates import certificate_for
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.mariadb import NAME
from tests.peers.strange import (
    Answer,
    Listening,
    SilentPostgres,
    StrangeMariaDB,
    TlsDoor,
    asks_for,
    of_version,
    says_nonsense,
    says_ok,
)
from tests.tenants.test_customers_servers import (  # noqa: F401
    _databases_of_their_own,
    ask,
    brings,
    lives_at,
    moves_in,
    one_role,
    world,
)
from tests.tenants.test_moving import worked_on

pytestmark = pytest.mark.django_db(transaction=True)


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
