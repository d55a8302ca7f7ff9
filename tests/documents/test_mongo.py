"""What is a matter of MongoDB alone: what keeps organizations apart, and what is left of what was cut off."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from documents import contract
from documents.store import Card, DocumentStore, Draft, Record
from documents.stores.mongo import INDEXES, TEXTS, MongoStore
from documents.stores.ours import OWNER, Ours
from humana.kernel.errors import Conflict, HumanaError, NoTenant, NotFound
from tests.documents import wire
from tests.documents.conftest import Desk
from tests.documents.test_store import ON_ALL, ON_ONE
from tests.peers.secantus import MongoServer

pytestmark = [pytest.mark.django_db, pytest.mark.needs("mongodb")]


@pytest.fixture
def kind() -> str:
    return "mongodb"


def a_record(owner: uuid.UUID) -> Record:
    return contract.begun(Draft(owner_id=owner, author_id=owner, name="Plan", text="Eight rooms."))


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
