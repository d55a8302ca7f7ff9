"""An organization brings a database of its own, on a server that is not ours, and lives there."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connections
from django.test import Client
from psycopg import sql

from audit.models import AuditEntry
from audit.services import chain
from byoc.databases import alias_of
from byoc.models import Endpoint
from byoc.services import databases
from byoc.services.databases import Address, bring_database
from chats.models import Chat, Message
from companions.models import Companion, Value
from documents.models import Folder
from humana.kernel.errors import EndpointError, HumanaError, Invalid, Unavailable
from tenants.config_keys import STATEMENT_SECONDS
from tenants.context import use_tenant
from tenants.db import aliases, breaker
from tenants.db.refusals import refusing
from tenants.models import Isolation, Organization, PlacementJob
from tenants.owner import as_owner
from tenants.services.placing import removing
from tenants.services.placing.places import place_for
from tests.egress.conftest import Names, names  # noqa: F401
from tests.fixtures.grants import let_dial
from tests.fixtures.organizations import World, build_world
from tests.peers.certificates import certificate_for
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.mariadb import NAME, MariaDB
from tests.tenants.test_config_effects import say
from tests.tenants.test_moving import begun, moved, until_over, worked_on
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes
from tests.tenants.writers import people_at_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"owner-{uuid.uuid4().hex[:8]}")


def address_of(server: Any, engine: str, database: str = "") -> Address:
    """On this machine nothing is encrypted, which an operator has to say."""
    return Address(
        engine, server.host, server.port, database or server.name, server.user, server.password,
        sslmode="disable",
    )  # fmt: skip


@pytest.fixture
def one_role(customer_postgres: CustomerPostgres) -> Iterator[Address]:
    """The customer gave one role, which owns the tables it works with."""
    name = f"books_{uuid.uuid4().hex[:8]}"
    with customer_postgres.another_database(name):
        yield address_of(customer_postgres, "postgresql", name)
        aliases.forget_all()


@pytest.fixture
def two_roles(customer_postgres: CustomerPostgres, one_role: Address) -> Iterator[Address]:
    """The customer keeps the owner apart: what the application has cannot change a policy."""
    clerk, password = f"clerk_{uuid.uuid4().hex[:6]}", uuid.uuid4().hex
    with customer_postgres.server.connect("postgres") as administrator:
        administrator.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(clerk), password)
        )
    yield replace(
        one_role, user=clerk, password=password, owner_user=one_role.user, owner_password=one_role.password
    )
    aliases.forget_all()
    with customer_postgres.server.connect(one_role.database) as administrator:
        administrator.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(clerk)))
        administrator.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(clerk)))


@pytest.fixture
def on_mariadb(request: pytest.FixtureRequest) -> Iterator[Address]:
    server: MariaDB = request.getfixturevalue("mariadb")
    with server.another_database(f"books_{uuid.uuid4().hex[:8]}") as url:
        yield address_of(server, "mysql", url.rsplit("/", 1)[1])
        aliases.forget_all()


@pytest.fixture(
    params=[
        "one_role",
        pytest.param("two_roles", marks=pytest.mark.battery),
        pytest.param("on_mariadb", marks=pytest.mark.needs("mariadb")),
    ]
)
def brought(request: pytest.FixtureRequest) -> Address:
    found: Address = request.getfixturevalue(request.param)
    return found


def brings(world: World, address: Address) -> str:
    return bring_database(organization=world.organization, name="Our books", address=address)


def moves_in(world: World, address: Address) -> PlacementJob:
    job = worked_on(begun(world, Isolation.DATABASE, database=brings(world, address)))
    assert job.state == PlacementJob.State.DONE, job.error
    world.organization.refresh_from_db()
    return job


def test_people_are_told_what_a_database_does_not_hold(world: World, brought: Address) -> None:
    """Where it is not PostgreSQL, on the page of where everything lives and on the trail."""
    moves_in(world, brought)
    client = Client()
    client.force_login(world.owner.user)
    for page in ("places", "trail"):
        text = client.get(f"/o/{world.slug}/{page}/", headers={"Accept-Language": "en"}).content.decode()
        assert ("row-level security" in text) == (brought.engine == "mysql"), page
    moved(world, Isolation.ROW)


@pytest.mark.battery
def test_one_statement_has_an_end_there_and_a_move_has_none(world: World, brought: Address) -> None:
    moves_in(world, brought)
    say(world, STATEMENT_SECONDS, 1)
    world.organization.refresh_from_db()
    alias, sleep = world.organization.placement.database, "SLEEP" if brought.engine == "mysql" else "pg_sleep"
    with use_tenant(world.context):
        with pytest.raises(Unavailable) as refusal, refusing(alias), connections[alias].cursor() as cursor:
            cursor.execute(f"SELECT {sleep}(20)")
        assert refusal.value.code == "statement_took_too_long"
    with use_tenant(world.context), as_owner(alias), connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {sleep}(2)")
    moved(world, Isolation.ROW)


def test_it_moves_in_works_there_and_moves_back(world: World, brought: Address) -> None:
    with people_at_work(world.organization.id, number=3) as people:
        moves_in(world, brought)
        time.sleep(0.3)
        works_there(world)
        time.sleep(0.3)
        moved(world, Isolation.ROW)
    assert people.found() == people.must_be_there()
    with use_tenant(world.context):
        assert Chat.objects.filter(title__icontains="ÇAÍ").exists()
        assert chain.verify().holds


def works_there(world: World) -> None:
    """What a day's work does with rows: found, changed, sorted, hidden, deleted, and noted."""
    assert world.organization.placement.database.startswith("at_o")
    with use_tenant(world.context):
        value = Value.objects.create(title="Açaí", description="Ünïcode, 日本語 and 🦜")
        assert Value.objects.get(id=value.id)._state.db == world.organization.placement.database
        assert Value.objects.filter(description__contains="🦜").get() == value
        chat = Chat.objects.get(id=world.chat.id)
        chat.title = "Orçamento do açaí"
        chat.save()
        inner = Folder.objects.create(owner_id=world.twin.user_id, name="Inner", parent=world.folder)
        assert [one.name for one in Folder.objects.filter(parent=world.folder)] == ["Inner"]
        inner.delete()
        assert Companion.objects.filter(name__icontains="CLARA").exists()
        assert Message.objects.filter(chat=world.chat).count() >= 1
        assert AuditEntry.objects.exists()


def test_who_is_removed_leaves_nothing_on_their_server(
    world: World, brought: Address, request: pytest.FixtureRequest
) -> None:
    moves_in(world, brought)
    assert tables_at(brought, request)
    until_over(removing.deprovision(organization=world.organization, later=False))
    assert not Organization.objects.filter(id=world.organization.id).exists()
    assert tables_at(brought, request) == set()
    aliases.forget_all()


def tables_at(address: Address, request: pytest.FixtureRequest) -> set[str]:
    """Whatever tables are in the customer's database, asked of the server itself."""
    peer, here = "customer_postgres", "NOT IN ('pg_catalog', 'information_schema')"
    if address.engine == "mysql":
        peer, here = "mariadb", "= database()"
    query = f"SELECT table_name FROM information_schema.tables WHERE table_schema {here}"
    with closing(request.getfixturevalue(peer).connect(address.database)) as connection:
        cursor = connection.cursor()
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall()}


def test_with_two_roles_the_trail_is_append_only_there_too(world: World, two_roles: Address) -> None:
    moves_in(world, two_roles)
    place = world.organization.placement
    with psycopg.connect(
        host=two_roles.host, port=two_roles.port, dbname=two_roles.database, user=two_roles.user,
        password=two_roles.password, autocommit=True,
    ) as clerk:  # fmt: skip
        clerk.execute("SELECT set_config('humana.organization', %s, false)", [world.organization.id.hex])
        entries = f'"{place.schema_name}".audit_auditentry'
        assert clerk.execute(f"SELECT count(*) > 0 FROM {entries}".encode()).fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            clerk.execute(f"DELETE FROM {entries}".encode())


@pytest.mark.in_turn(5)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "guessed"}, "user or the password"),
        ({"user": "nobody"}, "user or the password"),
        ({"database": "missing"}, "no database of this name"),
        ({"port": 1}, "does not answer"),
        ({"sslmode": "verify-full"}, "encrypted"),
    ],
)
def test_a_wrong_address_is_said_and_nothing_is_kept(
    world: World, brought: Address, change: dict[str, Any], said: str
) -> None:
    if "database" in change and brought.engine == "mysql":
        said = "user or the password"  # MariaDB does not tell who may not enter
    with pytest.raises(EndpointError, match=said):
        brings(world, replace(brought, **change))
    with use_tenant(world.context):
        assert not Endpoint.objects.filter(name="Our books").exists()


@pytest.fixture
def over_tls(on_mariadb: Address, mariadb: MariaDB, names: Names) -> Address:  # noqa: F811
    """MariaDB by the name that its certificate is made out to; it has another one."""
    for name in (NAME, "other.example"):
        names(name, [mariadb.host])
    return replace(on_mariadb, host=NAME, sslmode="verify-full")


@pytest.mark.needs("mariadb")
def test_mariadb_is_spoken_to_over_tls(
    world: World, over_tls: Address, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mariadb.certificate))  # an authority this machine trusts
    moves_in(world, over_tls)
    with use_tenant(world.context), connections[world.placement.alias].cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1].startswith("TLS_")


@pytest.mark.needs("mariadb")
def test_a_certificate_of_another_authority_is_refused(
    world: World, over_tls: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another, _key = certificate_for(NAME, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(another))
    with pytest.raises(EndpointError, match="encrypted"):
        brings(world, over_tls)


@pytest.mark.needs("mariadb")
def test_a_certificate_of_another_name_is_refused(
    world: World, over_tls: Address, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mariadb.certificate))
    with pytest.raises(EndpointError, match="encrypted"):
        brings(world, replace(over_tls, host="other.example"))


def test_who_does_not_answer_is_waited_for_a_few_seconds(world: World, one_role: Address) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(EndpointError, match="does not answer"):
            brings(world, replace(one_role, port=silent.getsockname()[1]))
        assert time.monotonic() - began < 10


def test_a_superuser_is_refused(world: World, customer_postgres: CustomerPostgres, one_role: Address) -> None:
    with customer_postgres.server.connect(one_role.database) as administrator:
        administrator.execute("CREATE ROLE mighty SUPERUSER LOGIN PASSWORD 'mighty'")
    try:
        with pytest.raises(EndpointError, match="steps around"):
            brings(world, replace(one_role, user="mighty", password="mighty"))
    finally:
        with customer_postgres.server.connect(one_role.database) as administrator:
            administrator.execute("DROP ROLE mighty")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "only reads"),
        ("ALTER DATABASE {} OWNER TO postgres", "may not create schemas"),
    ],
)
def test_a_database_that_cannot_be_written_is_refused(
    world: World, customer_postgres: CustomerPostgres, one_role: Address, statement: str, said: str
) -> None:
    with customer_postgres.server.connect("postgres") as administrator:
        administrator.execute(sql.SQL(statement).format(sql.Identifier(one_role.database)))
    with pytest.raises(EndpointError, match=said):
        brings(world, one_role)


def test_mongodb_for_everything_is_refused_with_a_reason(world: World, one_role: Address) -> None:
    with pytest.raises(Invalid, match="documents and knowledge"):
        brings(world, replace(one_role, engine="mongodb"))
    with pytest.raises(Invalid, match="PostgreSQL or MariaDB"):
        brings(world, replace(one_role, engine="oracle"))


def test_an_address_that_two_could_read_differently_is_refused(world: World, one_role: Address) -> None:
    with pytest.raises(HumanaError):
        brings(world, replace(one_role, host="db.example@127.0.0.1"))


class Silent:
    """A server that lets people in and never answers; it counts who came."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.came: list[socket.socket] = []
        threading.Thread(target=self._let_in, daemon=True).start()

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                self.came.append(self.listening.accept()[0])

    def close(self) -> None:
        for one in [self.listening, *self.came]:
            one.close()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    monkeypatch.setattr("byoc.adapters.database.base.CONNECT_SECONDS", 1)
    monkeypatch.setitem(aliases.POOL, "timeout", 1)
    server = Silent()
    yield server
    server.close()


def lives_at(world: World, silent: Any, engine: str, host: str = "127.0.0.1") -> None:
    """Its server was there yesterday."""
    address = Address(engine, host, silent.port, "books", "u", "p", sslmode="disable")
    if isinstance(silent, Address):
        address = replace(silent, host=host)
    endpoint = databases._endpoint(world.organization, "Our books", address)
    with use_tenant(world.context):
        endpoint.save(force_insert=True)
    let_dial(world.organization, endpoint.origin)
    own = place_for(
        organization=world.organization, isolation=Isolation.DATABASE, database=alias_of(endpoint)
    )
    Organization.objects.filter(id=world.organization.id).update(placement=own)
    world.organization.refresh_from_db()


def ask(world: World) -> Exception:
    with use_tenant(world.context), pytest.raises((DatabaseError, Unavailable)) as said:
        Value.objects.exists()
    return said.value


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_who_does_not_answer_is_not_asked_by_every_thread(world: World, silent: Silent, engine: str) -> None:
    lives_at(world, silent, engine)
    assert isinstance(ask(world), OperationalError)
    asked = len(silent.came)
    assert isinstance(ask(world), Unavailable)
    assert len(silent.came) == asked
    aliases.forget_all()


def test_without_the_pause_they_would_all_wait(
    world: World, silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "PAUSE", 0.0)
    lives_at(world, silent, "postgresql")
    assert isinstance(ask(world), OperationalError)
    assert isinstance(ask(world), OperationalError), "each of them, as long as the first"
    aliases.forget_all()


@pytest.mark.battery
def test_once_it_answers_again_people_go_on(world: World, one_role: Address, monkeypatch: Any) -> None:
    moves_in(world, one_role)
    breaker._silent_until[world.organization.placement.database] = time.monotonic() + 60
    assert isinstance(ask(world), Unavailable)
    breaker._silent_until[world.organization.placement.database] = time.monotonic() - 1
    with use_tenant(world.context):
        assert Value.objects.exists()
    assert not breaker._silent_until
