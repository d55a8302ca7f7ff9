"""What people may expect of their documents, wherever these are kept. Every story, every store."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from documents.contract import LARGEST_TEXT, LONGEST_NAME
from documents.store import Card, DocumentStore, Draft, Order, Record, Usage
from humana.kernel.errors import Conflict, Invalid, NoTenant, NotFound, StaleVersion
from tests.documents.conftest import Desk

pytestmark = pytest.mark.django_db
BYTES = len("Eight rooms.")


def test_a_document_is_read_just_as_it_was_written(desk: Desk) -> None:
    text = "Ação às 8h 👩🏽‍💻\n\n  second line\twith a tab, 𝒜 and \x01"
    card = desk.add("  Plano   de ação ", text, media_type="text/markdown")
    version = desk.do(lambda store: store.read(card.id))
    assert (version.text, version.number, version.author_id) == (text, 1, desk.owner)
    assert version.written_at == card.created_at == card.changed_at
    assert (card.name, card.media_type, card.version) == ("Plano de ação", "text/markdown", 1)
    assert card.size == version.size == len(text.encode())
    assert desk.do(lambda store: store.card(card.id)) == card


def test_the_longest_document_is_kept_and_one_letter_more_is_not(desk: Desk) -> None:
    words = "".join(f"{chr(0x4E00 + n % 20000)}{n} " for n in range(LARGEST_TEXT // 7))
    text = (words + "𝒜" * LARGEST_TEXT)[:LARGEST_TEXT]
    card = desk.add("Long", text)
    assert desk.do(lambda store: store.read(card.id)).text == text
    assert desk.found(words.split()[1]) == ["Long"]
    with pytest.raises(Invalid) as refusal:
        desk.revise(card, text + "!")
    assert refusal.value.code == "too_long"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "x" * (LONGEST_NAME + 1)), ("text", "a\x00b"), ("text", "\ud800")],
)
def test_what_cannot_be_kept_is_said_before_anything_is(desk: Desk, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        desk.add(**{field: value})
    assert refusal.value.field == field
    assert desk.names() == []


def test_every_version_stays_readable(desk: Desk) -> None:
    card = desk.add(text="one")
    for number, text in enumerate(["two", "", "four"], 1):
        card = desk.revise(card, text, expected=number)
    assert (card.version, card.size) == (4, len("four"))
    with desk.at_work() as store:
        assert [store.read(card.id, number).text for number in (1, 2, 3, 4)] == ["one", "two", "", "four"]
        assert store.read(card.id).number == 4
        for nothing in (0, 5):
            with pytest.raises(NotFound):
                store.read(card.id, nothing)


def test_who_did_not_see_the_latest_version_is_told_and_overwrites_nothing(desk: Desk) -> None:
    card = desk.revise(desk.add(), "Nine rooms.")
    for expected in (0, 1, 3):
        with pytest.raises(StaleVersion):
            desk.revise(card, "Ten rooms.", expected=expected)
    with desk.at_work() as store:
        assert store.card(card.id) == card
        assert store.read(card.id).text == "Nine rooms."
        assert store.usage().versions == 2


def test_the_same_document_is_not_added_twice(desk: Desk) -> None:
    card = desk.add()
    with pytest.raises(Conflict) as refusal:
        desk.add("Another", id=card.id)
    assert refusal.value.code == "exists"
    assert desk.names() == ["Plan"]


def test_a_folder_lists_names_as_people_sort_them(desk: Desk) -> None:
    plans = desk.folder("Plans")
    for name in ("banana", "Água", "abacaxi", "Zebra", "água"):
        desk.add(name, folder_id=plans)
    desk.add("elsewhere")
    desk.add("somebody's", folder_id=plans, owner_id=uuid.uuid4())
    assert desk.names(folder_id=plans) == ["abacaxi", "Água", "água", "banana", "Zebra"]
    assert desk.names() == ["elsewhere"]


def _before(order: Order) -> tuple[str, str]:
    """What comes before all that is there; only the oldest first meets it."""
    name = "z" if order is Order.NAME_TURNED else "0" if order is Order.NAME else "later"
    return name, "" if order is Order.SIZE_TURNED else "x" * 99


@pytest.mark.parametrize("order", Order)
def test_pages_follow_one_another_while_rows_come_and_go(desk: Desk, order: Order) -> None:
    laid = [desk.add(name, text="x" * size) for name, size in zip("dbbaec", (9, 4, 7, 4, 20, 1), strict=True)]
    by = {"name": "name", "changed": "changed_at", "size": "size"}[order.by]
    wanted = sorted(laid, key=lambda card: (getattr(card, by), card.id), reverse=not order.ascending)
    with desk.at_work() as store:
        first = store.list_folder(owner_id=desk.owner, folder_id=None, order=order, limit=2)
        late = desk.add(*_before(order))
        store.trash(first.cards[0].id, by=desk.owner)
        seen, place = list(first.cards), first.next
        while place is not None:
            page = store.list_folder(owner_id=desk.owner, folder_id=None, order=order, limit=2, after=place)
            seen, place = [*seen, *page.cards], page.next
    assert seen == (wanted if order is not Order.CHANGED_TURNED else [*wanted, late])


def test_a_document_is_moved_and_renamed(desk: Desk) -> None:
    plans = desk.folder("Plans")
    card = desk.add("Draft", "rooms and gardens")
    with desk.at_work() as store:
        assert store.move(card.id, folder_id=plans).folder_id == plans
        renamed = store.rename(card.id, name=" Final  plan ")
        with pytest.raises(Invalid):
            store.rename(card.id, name=" ")
        for change in (
            partial(store.rename, card.id, name="Late", seen=card.created_at - timedelta(seconds=1)),
            partial(store.move, card.id, folder_id=None, seen=card.created_at - timedelta(seconds=1)),
        ):
            with pytest.raises(StaleVersion):
                change()
        renamed = store.rename(card.id, name="Final plan", seen=renamed.changed_at)
        assert store.list_owned(owner_id=desk.owner).cards == (renamed,)
        assert store.list_owned(owner_id=uuid.uuid4()).cards == ()
    assert (renamed.name, renamed.version, renamed.folder_id) == ("Final plan", 1, plans)
    assert renamed.changed_at >= card.changed_at
    assert desk.names(folder_id=plans) == ["Final plan"]
    assert desk.found("final") == ["Final plan"] == desk.found("gardens")
    assert desk.found("draft") == []
    with desk.at_work() as store:
        store.move(card.id, folder_id=None)
    assert desk.names() == ["Final plan"]


def test_what_is_in_the_trash_is_out_of_sight_and_can_come_back(desk: Desk) -> None:
    card, by = desk.add(), uuid.uuid4()
    with desk.at_work() as store:
        gone = store.trash(card.id, by=by)
        assert gone.trashed_at is not None
        assert gone.trashed_by == by
        assert store.list_trash(owner_id=desk.owner).cards == (gone,)
        assert store.list_trash(owner_id=uuid.uuid4()).cards == ()
        assert store.cards([card.id], in_trash=True) == (gone,)
        assert store.cards([card.id]) == () == store.trashed_before(gone.trashed_at)
        assert store.trashed_before(gone.trashed_at + timedelta(seconds=1)) == (gone,)
        assert store.list_owned(owner_id=desk.owner).cards == ()
        assert (store.count_owned(desk.owner), store.count_owned(uuid.uuid4())) == (1, 0)
    assert desk.names() == [] == desk.found("rooms")
    for name, operation in ON_ONE.items():
        if name not in ("restore", "purge"):
            with pytest.raises(NotFound):
                desk.do(lambda store, operation=operation: operation(store, card))
    with desk.at_work() as store:
        back = store.restore(card.id)
        assert (back.trashed_at, back.trashed_by) == (None, None)
        assert store.cards([card.id, uuid.uuid4()]) == (back,)
        assert store.cards([card.id], in_trash=True) == () == store.cards([])
        with pytest.raises(NotFound):
            store.restore(card.id)
    assert desk.names() == ["Plan"] == desk.found("rooms")


def test_only_the_trash_is_emptied_for_good(desk: Desk) -> None:
    card = desk.revise(desk.add(), "Nine rooms.")
    with desk.at_work() as store:
        with pytest.raises(Conflict) as refusal:
            store.purge(card.id)
        assert refusal.value.code == "not_in_trash"
        assert store.read(card.id, 1).text == "Eight rooms."
        store.trash(card.id, by=desk.owner)
        store.purge(card.id)
        assert store.usage() == EMPTY
        assert store.list_trash(owner_id=desk.owner).cards == ()
        with pytest.raises(NotFound):
            store.purge(card.id)


FOUND = {
    "acao": ["Plano de ação"],
    "AÇÃO": ["Plano de ação"],
    "gard": ["Gardens", "Plano de ação"],
    "arden": [],
    "gardens roses": ["Gardens"],
    "roses, GARDENS!": ["Gardens"],
    "gardens nothing": [],
    "2026": ["Gardens"],
    "strasse": ["Gardens"],
    "plano jardim": [],
    "": [],
    "  %_*.' ": [],
}


def test_a_search_finds_every_word_in_name_or_text(desk: Desk) -> None:
    desk.add("Plano de ação", "Many gardens.")
    desk.add("Gardens", "Red roses since 2026; Straße 12")
    assert {question: sorted(desk.found(question)) for question in FOUND} == FOUND


def test_a_search_reads_the_latest_text_and_may_be_of_one_owner(desk: Desk) -> None:
    card = desk.add("Mine", "roses")
    desk.add("Theirs", "tulips", owner_id=uuid.uuid4())
    desk.revise(card, "tulips")
    assert desk.found("roses") == []
    assert sorted(desk.found("tulips")) == ["Mine", "Theirs"]
    assert desk.found("tulips", owner_id=desk.owner) == ["Mine"]
    assert len(desk.found("tulips", limit=1)) == 1


def test_usage_counts_every_version_and_the_trash(desk: Desk) -> None:
    assert desk.do(lambda store: store.usage()) == EMPTY
    card, other = desk.revise(desk.add(), "çç"), desk.add()
    desk.do(lambda store: store.trash(other.id, by=desk.owner))
    usage = desk.do(lambda store: store.usage())
    assert (usage.documents, usage.in_trash, usage.versions) == (1, 1, 3)
    assert usage.bytes == 2 * BYTES + 4
    assert card.size == 4


def test_everything_is_copied_out_and_put_back_just_as_it_was(desk: Desk) -> None:
    plans = desk.folder("Plans")
    first = desk.revise(desk.add("One", "roses", folder_id=plans), "tulips")
    second = desk.add("Two")
    desk.do(lambda store: store.trash(second.id, by=desk.owner))
    with desk.at_work() as store:
        records, usage = list(store.copy_out()), store.usage()
        assert [record.card.id for record in records] == sorted([first.id, second.id])
        assert [version.text for version in records[0].versions] == ["roses", "tulips"]
        store.erase()
        for record in [*records, *records]:  # a copy that was cut off begins anew
            store.put_back(record)
        assert list(store.copy_out()) == records
        assert store.usage() == usage
    assert desk.found("tulips") == ["One"] == desk.names(folder_id=plans)
    assert desk.revise(first, "lilies", expected=2).version == 3


def test_erasing_takes_everything_of_the_organization_and_nothing_of_its_neighbour(
    desk: Desk, neighbour: Desk
) -> None:
    card, theirs = desk.revise(desk.add(), "Nine rooms."), neighbour.revise(neighbour.add(), "Nine rooms.")
    second = desk.add()
    desk.do(lambda store: store.trash(second.id, by=desk.owner))
    assert desk.do(lambda store: store.erase()) == 2
    assert desk.do(lambda store: store.usage()) == EMPTY
    assert desk.do(lambda store: list(store.copy_out())) == []
    assert desk.do(lambda store: store.erase()) == 0
    assert neighbour.do(lambda store: store.read(theirs.id, 1)).text == "Eight rooms."
    assert card.id != theirs.id


#: Every operation on one document.
ON_ONE: dict[str, Callable[[DocumentStore, Card], Any]] = {
    "card": lambda store, card: store.card(card.id),
    "read": lambda store, card: store.read(card.id),
    "read version": lambda store, card: store.read(card.id, 1),
    "revise": lambda store, card: store.revise(card.id, "x", expected=1, author_id=card.owner_id),
    "move": lambda store, card: store.move(card.id, folder_id=None),
    "rename": lambda store, card: store.rename(card.id, name="Mine now"),
    "trash": lambda store, card: store.trash(card.id, by=card.owner_id),
    "restore": lambda store, card: store.restore(card.id),
    "purge": lambda store, card: store.purge(card.id),
}
#: Every operation on all of them, and what it gives where there is none.
ON_ALL: dict[str, Callable[[DocumentStore, uuid.UUID], Any]] = {
    "list": lambda store, owner: store.list_folder(owner_id=owner, folder_id=None).cards,
    "list changed": lambda store, owner: (
        store.list_folder(owner_id=owner, folder_id=None, order=Order.CHANGED).cards
    ),
    "trash": lambda store, owner: store.list_trash(owner_id=owner).cards,
    "search": lambda store, owner: store.search("rooms"),
    "search of one": lambda store, owner: store.search("rooms", owner_id=owner),
    "owned": lambda store, owner: store.list_owned(owner_id=owner).cards,
    "count": lambda store, owner: store.count_owned(owner),
    "trashed": lambda store, owner: store.trashed_before(datetime(2100, 1, 1, tzinfo=UTC)),
    "cards": lambda store, owner: store.cards([owner]),
    "usage": lambda store, owner: store.usage().bytes,
    "copy out": lambda store, owner: tuple(store.copy_out()),
    "erase": lambda store, owner: store.erase(),
}
EMPTY = Usage(documents=0, in_trash=0, versions=0, bytes=0)


def test_a_neighbours_documents_are_missing_like_any_other(desk: Desk, neighbour: Desk) -> None:
    """The same people own both, the names are the same."""
    card, trashed = desk.add(), desk.add()
    desk.do(lambda store: store.trash(trashed.id, by=desk.owner))
    before = desk.do(lambda store: list(store.copy_out()))
    for operation in ON_ONE.values():
        for theirs in (card, trashed):
            with pytest.raises(NotFound), neighbour.at_work() as store:
                operation(store, theirs)
    with neighbour.at_work() as store:
        assert not store.cards([card.id, trashed.id])
        assert not store.cards([card.id, trashed.id], in_trash=True)
    for name, operation in ON_ALL.items():
        with neighbour.at_work() as store:
            assert not operation(store, desk.owner), name
    assert desk.do(lambda store: list(store.copy_out())) == before
    assert card.owner_id == neighbour.owner


def test_a_store_works_in_its_own_organization_only(desk: Desk, neighbour: Desk) -> None:
    card = desk.add()
    with desk.at_work() as store:
        record = Record(card, (store.read(card.id),))
    draft = Draft(owner_id=desk.owner, author_id=desk.owner, name="Plan", text="x")
    tried: list[Callable[[], Any]] = [
        lambda: store.add(draft),
        lambda: store.put_back(record),
        *(partial(operation, store, card) for operation in ON_ONE.values()),
        *(partial(operation, store, desk.owner) for operation in ON_ALL.values()),
    ]
    for operation in tried:
        with pytest.raises(NoTenant):
            operation()
        with pytest.raises(NoTenant), neighbour.at_work():
            operation()
    assert desk.names() == ["Plan"]
    assert neighbour.names() == []
