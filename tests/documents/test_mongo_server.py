"""Which MongoDB is used, who may be dialled, and what is said when it goes wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byoc.documents import dial_documents, members_of
from byoc.models import Endpoint
from byoc.sealing import credentials_of
from documents.store import store_of
from documents.stores import connecting
from documents.stores.mongo import MongoStore
from documents.stores.rows import RowStore
from humana.kernel.crypto import CannotOpen
from humana.kernel.egress import EgressRefused
from humana.kernel.errors import EndpointError
from tenants.context import use_tenant
from tests.documents.conftest import Desk, bring_mongodb
from tests.egress.census import census
from tests.egress.conftest import Names, names
from tests.fixtures.organizations import World
from tests.peers.certificates import certificate_for
from tests.peers.secantus import MongoServer, Secantus, server_program
from tests.plugins.services import Services

__all__ = ["names"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.needs("mongodb")]


@pytest.fixture
def kind() -> str:
    return "mongodb"


@pytest.fixture(autouse=True)
def _no_client_left_open() -> Iterator[None]:
    yield
    connecting.forget_all()


def test_an_organization_without_an_endpoint_keeps_documents_beside_its_rows(
    left: World, mongodb: MongoServer
) -> None:
    with use_tenant(left.context):
        assert isinstance(store_of(left.context), RowStore)
    endpoint = bring_mongodb(left.organization, mongodb)
    with use_tenant(left.context):
        assert isinstance(store_of(left.context), MongoStore)
        Endpoint.objects.filter(id=endpoint.id).update(state=Endpoint.State.CLOSED)
        assert isinstance(store_of(left.context), RowStore)


def test_the_password_is_sealed_to_this_organization_and_address(left: World, mongodb: MongoServer) -> None:
    endpoint = bring_mongodb(left.organization, mongodb)
    assert mongodb.password not in endpoint.credentials
    assert credentials_of(endpoint)["password"] == mongodb.password
    endpoint.origin = "mongodb://elsewhere.example"
    with pytest.raises(CannotOpen):
        dial_documents(endpoint, *members_of(endpoint))


REFUSED = [
    "mongodb://169.254.169.254:27017",
    "mongodb://0.0.0.0",
    "mongodb://nowhere.invalid",
    "mongodb+srv://cluster.example",
    "mongodb://user:secret@cluster.example",
    "mongodb://169.254.169.254,0.0.0.0:27018",
    "mongodb://",
    "/tmp/mongodb.sock",
]


def test_only_an_address_that_may_be_dialled_is(left: World, mongodb: MongoServer) -> None:
    with census() as taken:
        for origin in REFUSED:
            endpoint = bring_mongodb(left.organization, mongodb, origin=origin)
            with use_tenant(left.context), pytest.raises(EgressRefused):
                MongoStore(left.organization.id, endpoint).usage()
    assert taken.dialled == []


def test_nothing_is_dialled_but_the_address_that_was_judged(
    left: World, mongodb: MongoServer, request: pytest.FixtureRequest
) -> None:
    """Its answer names the members of its replica set; nobody has judged those."""
    with census() as taken:
        desk = request.getfixturevalue("desk")
        desk.add()
    assert taken.dialled
    assert taken.unexplained == []


@pytest.mark.parametrize(
    ("changes", "code", "permanent"),
    [
        ({"credentials": {"password": "guessed"}}, "unauthorized", True),
        ({"options": {"database": "somebody_elses"}}, "no_right", True),
        ({"options": {"database": "no such.name"}}, "bad_endpoint", True),
    ],
)
def test_what_an_administrator_can_mend_is_said(
    left: World, mongodb: MongoServer, changes: dict[str, Any], code: str, permanent: bool
) -> None:
    endpoint = bring_mongodb(left.organization, mongodb, **changes)
    with use_tenant(left.context), pytest.raises(EndpointError) as failure:
        store_of(left.context).usage()
    assert (failure.value.code, failure.value.permanent) == (code, permanent)
    assert mongodb.password not in str(failure.value)
    assert str(mongodb.port) not in str(failure.value)
    assert not any(key[1] == endpoint.id for key in connecting._clients)


def test_a_server_that_is_down_is_waited_for_a_moment_only(
    left: World, mongodb: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("byoc.adapters.database.mongodb.CONNECT_MS", 300)
    for changes in ({"origin": "mongodb://127.0.0.1:9"}, {"options": {"tls": not mongodb.tls}}):
        endpoint = bring_mongodb(left.organization, mongodb, **changes)
        with use_tenant(left.context), pytest.raises(EndpointError) as failure:
            MongoStore(left.organization.id, endpoint).usage()
        assert (failure.value.code, failure.value.permanent) == ("unreachable", False)


@pytest.fixture
def certified(services: Services, tmp_path: Path) -> Iterator[Secantus]:
    """A server that speaks TLS only, with a certificate made out to papers.example."""
    if server_program() is None:
        pytest.skip("only where a server can be started: make mongo-peer")
    files = certificate_for("papers.example", tmp_path)
    server = Secantus(services.home / f"mongodb-{uuid.uuid4().hex}", files)
    child = server.start()
    yield server
    child.stop()


def test_the_certificate_is_of_the_name_and_the_address_the_one_that_was_judged(
    left: World, certified: Secantus, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever turns the name elsewhere, before or after, gets neither password nor connection."""
    monkeypatch.setattr("byoc.adapters.database.mongodb.CONNECT_MS", 500)
    for name in ("papers.example", "other.example"):
        names(name, [certified.host], ["127.0.0.2"])
    assert code_at(left, certified, "papers.example") == "not_certified"  # an authority nobody knows
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.certified and certified.certified[0]))
    names("papers.example", [certified.host], ["127.0.0.2"])
    with census() as taken:
        assert code_at(left, certified, "papers.example") == ""
    assert {host for host, _port in taken.dialled} == {certified.host}
    assert code_at(left, certified, "other.example") == "not_certified"


def code_at(left: World, server: MongoServer, name: str) -> str:
    """What is wrong with the server under this name."""
    endpoint = bring_mongodb(left.organization, server, origin=f"mongodb://{name}:{server.port}")
    with use_tenant(left.context):
        try:
            MongoStore(left.organization.id, endpoint).usage()
        except EndpointError as failure:
            return failure.code
    return ""


def test_of_several_members_the_one_that_answers_is_used(
    left: World, mongodb: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("byoc.adapters.database.mongodb.CONNECT_MS", 300)
    both = f"mongodb://{mongodb.host}:9,{mongodb.host}:{mongodb.port}"
    with census() as taken:
        endpoint = bring_mongodb(left.organization, mongodb, origin=both)
        with use_tenant(left.context):
            assert MongoStore(left.organization.id, endpoint).usage().documents == 0
    assert {port for _host, port in taken.dialled} == {9, mongodb.port}
    assert taken.unexplained == []


def test_a_new_password_is_a_new_client(desk: Desk) -> None:
    desk.add()
    before = {key[2] for key in connecting._clients}
    with use_tenant(desk.world.context):
        Endpoint.objects.filter(organization=desk.world.organization).update(version=2)
    assert desk.names() == ["Plan"]
    assert (before, {key[2] for key in connecting._clients}) == ({1}, {2})


def test_clients_are_bounded(desk: Desk, neighbour: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "MOST", 1)
    for one in (desk, neighbour, desk):
        one.add()
        assert len(connecting._clients) <= 2
    connecting.forget_all()
    for one in (desk, neighbour, desk):
        assert one.names()
        assert len(connecting._clients) == 1
