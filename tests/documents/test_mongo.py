"""What is a matter of MongoDB alone: who is kept apart by what, who may be dialled, what goes wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byoc.databases import credentials_of
from byoc.documents import dial_documents, members_of
from byoc.models import Endpoint
from documents import contract
from documents.contract import now
from documents.store import Card, DocumentStore, Record, Version, store_of
from documents.stores import connecting
from documents.stores.mongo import INDEXES, TEXTS, MongoStore
from documents.stores.ours import OWNER, Ours
from documents.stores.rows import RowStore
from humana.kernel.crypto import CannotOpen
from humana.kernel.egress import EgressRefused
from humana.kernel.errors import Conflict, EndpointError, HumanaError, NoTenant, NotFound
from tenants.context import use_tenant
from tests.documents import wire
from tests.documents.conftest import Desk, bring_mongodb
from tests.documents.test_store import ON_ALL, ON_ONE
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


def a_record(owner: uuid.UUID, text: str = "Eight rooms.") -> Record:
    key, then = uuid.uuid4(), now()
    version = Version(number=1, text=text, author_id=owner, written_at=then)
    card = Card(
        id=key,
        owner_id=owner,
        folder_id=None,
        name="Plan",
        media_type="text/plain",
        version=1,
        size=version.size,
        created_at=then,
        changed_at=then,
    )
    return Record(card, (version,))


def everything(desk: Desk) -> None:
    """Every operation there is, those that find nothing as well."""
    card = desk.revise(desk.add(), "Nine rooms.")
    with desk.at_work() as store:
        store.put_back(Record(card, (store.read(card.id, 1), store.read(card.id))))
        for operation in ON_ONE.values():
            for one in (card, a_record(desk.owner).card):
                _whatever_it_says(operation, store, one)
        for on_all in ON_ALL.values():
            on_all(store, desk.owner)


def _whatever_it_says(operation: Any, store: DocumentStore, card: Card) -> None:
    try:
        operation(store, card)
    except HumanaError as answer:
        assert answer.status < 500, answer


# --- whose ------------------------------------------------------------------------------------


def test_every_question_names_the_organization(desk: Desk) -> None:
    with wire.listening() as heard:
        everything(desk)
    assert len(heard) > 30
    assert {question.get(OWNER) for question in heard} == {desk.world.organization.id}


def test_whoever_forgets_it_is_noticed(desk: Desk, neighbour: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard switched off: questions name nobody, and the neighbour reads what is not theirs."""
    card = desk.add()
    with neighbour.at_work() as store:
        with pytest.raises(NotFound):
            store.read(card.id)
    with monkeypatch.context() as patch, wire.listening() as heard:
        patch.setattr(Ours, "mine", lambda self, where: where)
        assert neighbour.do(lambda store: store.read(card.id)).text == "Eight rooms."
        assert neighbour.names() == ["Plan"]
        assert neighbour.do(lambda store: store.usage()).documents >= 1
    assert all(OWNER not in question for question in heard)
    assert neighbour.names() == []


def test_a_store_taken_along_into_another_organization_is_noticed(
    desk: Desk, neighbour: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off: who forgot to ask for a store of their own works in somebody else's."""
    card = desk.add()
    with desk.at_work() as store:
        pass
    with neighbour.at_work():
        with pytest.raises(NoTenant):
            store.card(card.id)
        monkeypatch.setattr(contract, "must_be_in", lambda organization_id: None)
        assert store.card(card.id) == card


def test_a_question_cannot_name_another_organization(desk: Desk) -> None:
    with desk.at_work() as store:
        assert isinstance(store, MongoStore)
        asked = store.documents.mine({OWNER: uuid.uuid4(), "id": 1})
    assert asked == {OWNER: desk.world.organization.id, "id": 1}


def test_two_organizations_may_have_a_document_of_one_id(desk: Desk, neighbour: Desk) -> None:
    """As after a copy of one organization into another: same id, name, owner, moments."""
    record = a_record(desk.owner)
    for one in (desk, neighbour):
        one.do(lambda store: store.put_back(record))
    neighbour.revise(record.card, "Nine gardens.")
    assert desk.do(lambda store: list(store.copy_out())) == [record]
    assert (desk.found("gardens"), neighbour.found("gardens")) == ([], ["Plan"])
    neighbour.do(lambda store: store.trash(record.card.id, by=desk.owner))
    neighbour.do(lambda store: store.purge(record.card.id))
    assert desk.do(lambda store: store.read(record.card.id)).text == "Eight rooms."


def test_indexes_begin_with_the_organization(desk: Desk, mongodb: MongoServer) -> None:
    desk.add()
    with mongodb.connect() as client:
        for name, wanted in INDEXES.items():
            found = client[mongodb.name][name].index_information()
            found.pop("_id_")
            assert len(found) == len(wanted)
            assert {index["key"][0][0] for index in found.values()} == {OWNER}
            assert [index["key"] for index in found.values() if index.get("unique")] == [
                [(OWNER, 1), ("id", 1)]
            ]


# --- what was cut off -------------------------------------------------------------------------


def test_a_change_that_was_cut_off_counts_for_nothing_and_leaves_with_its_document(
    desk: Desk, mongodb: MongoServer
) -> None:
    card = desk.add()
    with desk.at_work() as store:
        assert isinstance(store, MongoStore)
        store.texts.insert({"id": uuid.uuid4(), "document_id": card.id, "text": "Nine rooms."})
    assert desk.do(lambda store: store.usage()).bytes == card.size
    assert desk.revise(card, "Ten rooms.").version == 2
    assert desk.do(lambda store: store.read(card.id)).text == "Ten rooms."
    desk.do(lambda store: store.trash(card.id, by=desk.owner))
    desk.do(lambda store: store.purge(card.id))
    assert texts_of(desk, mongodb) == 0


def test_who_lost_leaves_nothing_behind(desk: Desk, mongodb: MongoServer) -> None:
    card = desk.add()
    for refused in (
        lambda: desk.add(id=card.id),
        lambda: desk.revise(card, "Ten", expected=7),
        lambda: desk.revise(a_record(desk.owner).card, "Ten"),
    ):
        with pytest.raises((Conflict, NotFound)):
            refused()
    assert texts_of(desk, mongodb) == 1


def texts_of(desk: Desk, mongodb: MongoServer) -> int:
    with mongodb.connect() as client:
        return client[mongodb.name][TEXTS].count_documents({OWNER: desk.world.organization.id})


# --- which server -----------------------------------------------------------------------------


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


# --- what goes wrong --------------------------------------------------------------------------


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
    monkeypatch.setattr("byoc.documents.CONNECT_MS", 300)
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
    monkeypatch.setattr("byoc.documents.CONNECT_MS", 500)
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
    monkeypatch.setattr("byoc.documents.CONNECT_MS", 300)
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
