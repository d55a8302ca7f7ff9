"""Many people at the same document, really at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from documents.store import Card
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


def test_of_many_who_change_one_version_one_is_kept_and_the_others_are_told(desk: Desk) -> None:
    card, start = desk.add(), threading.Barrier(PEOPLE)

    def change(number: int) -> Card | StaleVersion:
        start.wait(20)
        try:
            return desk.revise(card, f"Text of {number}")
        except StaleVersion as late:
            return late
        finally:
            connections.close_all()

    with ThreadPoolExecutor(PEOPLE) as people:
        answers = list(people.map(change, range(PEOPLE)))
    winners = [number for number, answer in enumerate(answers) if isinstance(answer, Card)]
    assert len(winners) == 1
    with desk.at_work() as store:
        assert store.read(card.id).text == f"Text of {winners[0]}"
        assert store.usage().versions == 2
