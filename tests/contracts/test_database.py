"""Every type of database under the same stories: it is looked at, and an organization works there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.utils import translation

from byoc.adapters.database import ADAPTERS, make
from byoc.adapters.database.fields import TYPES
from byoc.contracts import DatabaseAdapter, EndpointSpec
from companions.models import Value
from humana.kernel.egress import Grant, Guard, Origin
from humana.kernel.errors import EndpointError, HumanaError, Invalid, Misconfigured
from tenants.context import TenantContext
from tenants.db import aliases
from tenants.models import Organization, Placement
from tests.peers.server import DatabaseServer

pytestmark = [pytest.mark.django_db, pytest.mark.adapters]

PLAIN = "tests.peers.plain_backend"
OWNER = str(uuid.uuid4())


@pytest.fixture(autouse=True)
def _in_english(settings: Any) -> Iterator[None]:
    settings.HUMANA_DATABASE_ENGINES = [PLAIN]
    with translation.override("en"):
        yield


def spec_for(server: DatabaseServer, type_: str, name: str, **changes: Any) -> EndpointSpec:
    given: dict[str, Any] = {
        "name": "Their books", "kind": "database", "type": type_, "owner": OWNER, "id": str(uuid.uuid4()),
        "url": f"{server.scheme}://{server.host}:{server.port}", "version": 1,
        "credentials": {"user": server.user, "password": server.password},
        "options": {"database": name, "sslmode": "disable"},
    }  # fmt: skip
    return EndpointSpec(**(given | changes))


def granted(spec: EndpointSpec) -> DatabaseAdapter:
    """Its adapter, by an operator's grant for the address."""
    ports = {one.type: one.schemes for one in TYPES}[spec.type]
    grants = []
    if spec.url:
        there = Origin.of(spec.url, ports=ports)
        grants = [Grant(spec.owner, there.scheme, there.port, "a test", host=there.host)]
    return make(spec, Guard(spec.owner, grants))


@dataclass
class Peer:
    """An adapter, and the organization whose rows it holds."""

    adapter: DatabaseAdapter

    def context(self, slug: str = "contract") -> TenantContext:
        """Of an organization that lives there."""
        vendor = {"custom": "sqlite"}.get(self.adapter.spec.type, self.adapter.spec.type)
        place, _made = Placement.objects.get_or_create(
            id=uuid.UUID(int=7), defaults={"name": "contract", "schema_name": "o_contract", "engine": vendor,
            "isolation": "database", "database": self.adapter.alias, "one_role": True, "state": "ready"},
        )  # fmt: skip
        found, _made = Organization.objects.get_or_create(
            slug=slug, defaults={"name": slug, "placement": place}
        )
        return found.context

    def but(self, **changes: Any) -> DatabaseAdapter:
        """The same endpoint with something else in it."""
        spec = self.adapter.spec
        for name in ("options", "credentials"):
            if name in changes:
                changes[name] = {**getattr(spec, name), **changes[name]}
        return granted(replace(spec, **changes))


@pytest.fixture(scope="module")
def _made() -> dict[str, Peer]:
    """Tables are made once for each type."""
    return {}


ROWS = [
    "postgresql",
    "sqlite",
    "custom",
    pytest.param("mysql", marks=[pytest.mark.needs("mariadb"), pytest.mark.adapters]),
]
ALL = [*ROWS, pytest.param("mongodb", marks=[pytest.mark.needs("mongodb"), pytest.mark.adapters])]


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    yield Peer(granted(_spec(request.param, request)))
    aliases.forget_all()


def _spec(type_: str, request: pytest.FixtureRequest) -> EndpointSpec:
    if type_ in {"sqlite", "custom"}:
        options = {"engine": PLAIN} if type_ == "custom" else {}
        key = str(uuid.uuid5(uuid.NAMESPACE_DNS, type_))
        return EndpointSpec("A file", "database", type_, "", owner=OWNER, id=key, version=1, options=options)
    fixture = {"postgresql": "customer_postgres", "mysql": "mariadb", "mongodb": "mongodb"}[type_]
    server = request.getfixturevalue(fixture)
    spec = spec_for(server, type_, server.name, id=str(uuid.uuid5(uuid.NAMESPACE_DNS, type_)))
    if type_ == "mongodb":
        options = {"database": server.name, "tls": server.tls}
        return replace(spec, role="documents", options=options)
    return spec


@pytest.fixture
def filled(peer: Peer, _made: dict[str, Peer]) -> Peer:
    """With every table."""
    type_ = peer.adapter.spec.type
    if type_ not in _made:
        peer.adapter.create(peer.context())
        _made[type_] = peer
    return peer


def test_every_type_has_an_adapter_and_says_what_it_asks_for() -> None:
    assert {one.type for one in TYPES} == set(ADAPTERS)
    for one in TYPES:
        assert not [field for field in one.fields if field.kind == "secret" and field.place != "credentials"]
    with pytest.raises(Misconfigured, match="unknown option"):
        make(EndpointSpec("x", "database", "mysql", "", options={"init_command": "DROP"}), Guard(OWNER))


@pytest.mark.parametrize("peer", ALL, indirect=True)
async def test_it_says_how_it_is(peer: Peer) -> None:
    health = await peer.adapter.health()
    assert health.ok, health.message
    assert health.seconds > 0


@pytest.mark.parametrize("peer", ALL, indirect=True)
def test_it_is_looked_at_before_it_serves(peer: Peer) -> None:
    found = peer.adapter.validate()
    assert not [str(one) for one in found if one.level == "refuse"]
    assert next(str(one) for one in found if one.code == "engine").split()[-1][0].isdigit()
    state = peer.adapter.state()
    assert state.writable
    assert not state.in_recovery
    assert state.version[0].isdigit()


@pytest.mark.parametrize("peer", ROWS, indirect=True)
def test_what_is_done_in_a_transaction_is_whole_or_not_at_all(peer: Peer) -> None:
    table = f"contract_{uuid.uuid4().hex[:8]}"
    peer.adapter.query(f"CREATE TABLE {table} (id integer PRIMARY KEY)")
    try:
        with pytest.raises(IntegrityError), peer.adapter.transaction() as connection:
            with connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO {table} VALUES (1)")
                cursor.execute(f"INSERT INTO {table} VALUES (1)")
        with peer.adapter.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} VALUES (%s)", [2])
        assert peer.adapter.query(f"SELECT id FROM {table} WHERE id > %s", [0]) == [(2,)]
    finally:
        peer.adapter.query(f"DROP TABLE {table}")
    with pytest.raises(EndpointError):
        peer.adapter.query(f"SELECT id FROM {table}")


@pytest.mark.parametrize("peer", ROWS, indirect=True)
def test_an_organization_gets_its_tables_and_works_there(filled: Peer) -> None:
    filled.adapter.create(filled.context())  # again: nothing is lost
    filled.adapter.migrate(filled.context())
    title = f"Açaí {uuid.uuid4().hex[:6]}"

    def furnish() -> None:
        Value.objects.create(title=title, description="Ünïcode, 日本語 and 🦜")

    def fail() -> None:
        furnish()
        raise ZeroDivisionError

    filled.adapter.seed(filled.context(), furnish)
    with pytest.raises(ZeroDivisionError):
        filled.adapter.seed(filled.context(), fail)
    with filled.adapter.enter(filled.context()):
        value = Value.objects.get(title=title)
        assert value._state.db == filled.adapter.alias
        assert value.description.endswith("🦜")
        assert filled.adapter.pool().open >= 1


@pytest.mark.parametrize("peer", ["postgresql"], indirect=True)
def test_another_organization_in_the_same_tables_sees_nothing(filled: Peer) -> None:
    filled.adapter.seed(filled.context(), lambda: Value(title="Ours").save())
    with filled.adapter.enter(filled.context("another")):
        assert not Value.objects.exists()
        with connections[filled.adapter.alias].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM companions_value")
            assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("peer", ROWS, indirect=True)
def test_a_placement_elsewhere_is_not_entered(peer: Peer) -> None:
    place = replace(peer.context().placement, alias="at_o_elsewhere")
    with pytest.raises(Misconfigured), peer.adapter.enter(replace(peer.context(), placement=place)):
        raise AssertionError("it was entered")


WRONG = [
    ({"credentials": {"password": "guessed"}}, "user (or|and) (the )?password"),
    ({"credentials": {"user": "nobody"}}, "user (or|and) (the )?password"),
    ({"url": "{scheme}://127.0.0.1:9"}, "does not answer|cannot be reached"),
    ({"url": "{scheme}://nowhere.invalid:9"}, "cannot be found"),
    ({"url": "{scheme}://169.254.169.254:9"}, "public address"),
]
SERVERS = [ALL[0], *ALL[3:]]


@pytest.mark.parametrize(("changes", "said"), WRONG)
@pytest.mark.parametrize("peer", SERVERS, indirect=True)
async def test_what_is_wrong_is_said_and_no_secret_shows(peer: Peer, changes: Any, said: str) -> None:
    scheme = peer.adapter.spec.url.partition(":")[0]
    if "url" in changes:
        changes = {"url": changes["url"].format(scheme=scheme)}
    adapter = peer.but(**changes)
    health = await adapter.health()
    assert not health.ok
    found = await _in_thread(adapter.validate)
    told = f"{health} {found} {adapter.spec!r}"
    assert [one for one in found if one.level == "refuse"]
    assert "guessed" not in told
    assert peer.adapter.spec.credentials["password"] not in told
    assert str(found[0])
    assert re.search(said, health.message), health.message


async def _in_thread(ask: Any) -> Any:
    from byoc.adapters.database.reading import in_thread

    return await in_thread(ask)


@pytest.mark.needs("mongodb")
@pytest.mark.parametrize("peer", ALL[-1:], indirect=True)
def test_mongodb_says_what_it_cannot_do(peer: Peer) -> None:
    adapter, nothing = peer.adapter, object()
    for refused in (
        lambda: adapter.migrate(nothing),  # type: ignore[arg-type]
        lambda: adapter.create(nothing),  # type: ignore[arg-type]
        lambda: adapter.transaction().__enter__(),
        lambda: adapter.settings(),
        lambda: adapter.query("SELECT 1"),
    ):
        with pytest.raises(Invalid, match="no transactions"):
            refused()


@pytest.mark.parametrize("peer", ["custom"], indirect=True)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"engine": "os"}, "not one of those"),
        ({"engine": "tests.peers.missing"}, "no Django backend"),
        ({"engine": "django.db.backends.postgresql"}, "choose the type PostgreSQL"),
        ({"driver": "[1]"}, "object in JSON"),
        ({"driver": "{"}, "object in JSON"),
    ],
)
def test_an_engine_is_one_that_the_operator_allows(
    peer: Peer, settings: Any, options: Any, said: str
) -> None:
    settings.HUMANA_DATABASE_ENGINES = [PLAIN, "tests.peers.missing", "django.db.backends.postgresql"]
    (found,) = peer.but(options=options).validate()
    assert found.level == "refuse"
    assert said in str(found)
    with pytest.raises(HumanaError):
        peer.but(options=options).settings()
