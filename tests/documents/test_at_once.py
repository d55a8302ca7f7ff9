"""Many people at the same document, really at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from documents.store import Card
from documents.stores.ours import Entry, Ours
from humana.kernel.errors import StaleVersion
from tests.documents.conftest import Desk
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 6


@pytest.fixture(scope="module")
def left(cloned_database: str, django_db_blocker: Any) -> World:
    """Committed: every thread sees it."""
    with django_db_blocker.unblock():
        return build_world("left")


def at_once(desk: Desk) -> tuple[Card, list[int]]:
    """All of them change version 1 of one document; whose change was taken."""
    card, start = desk.add(), threading.Barrier(PEOPLE)

    def change(number: int) -> bool:
        start.wait(20)
        try:
            desk.revise(card, f"Text of {number}")
        except StaleVersion:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(PEOPLE) as people:
        taken = list(people.map(change, range(PEOPLE)))
    return card, [number for number in range(PEOPLE) if taken[number]]


def test_of_many_who_change_one_version_one_is_kept_and_the_others_are_told(desk: Desk) -> None:
    card, winners = at_once(desk)
    assert len(winners) == 1
    with desk.at_work() as store:
        assert store.read(card.id).text == f"Text of {winners[0]}"
        assert store.usage().versions == 2


@pytest.mark.parametrize("kind", [pytest.param("mongodb", marks=pytest.mark.needs("mongodb"))])
def test_without_the_look_at_the_version_changes_would_be_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off: everybody is told that it went well."""
    change = Ours.change

    def careless(self: Ours, where: Entry, to: Entry, fields: Entry) -> Entry | None:
        return change(self, {name: what for name, what in where.items() if name != "version"}, to, fields)

    monkeypatch.setattr(Ours, "change", careless)
    assert len(at_once(desk)[1]) == PEOPLE
