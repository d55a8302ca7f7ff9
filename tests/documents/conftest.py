"""Stores of documents, one after the other under the same stories."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from documents.services.folders import create_folder
from documents.store import Card, DocumentStore, Draft, store_of
from tenants.context import use_tenant
from tenants.models import Membership
from tests.fixtures.organizations import World

STORES = ["rows"]


@dataclass
class Desk:
    """One organization at its store; every word is said inside its context."""

    world: World

    @property
    def owner(self) -> uuid.UUID:
        return self.world.twin.user_id

    @contextmanager
    def at_work(self) -> Iterator[DocumentStore]:
        with use_tenant(self.world.context):
            yield store_of(self.world.context)

    def do(self, operation: Callable[[DocumentStore], Any]) -> Any:
        with self.at_work() as store:
            return operation(store)

    def add(self, name: str = "Plan", text: str = "Eight rooms.", **more: Any) -> Card:
        draft = Draft(**{"owner_id": self.owner, "author_id": self.owner, "name": name, "text": text, **more})
        card: Card = self.do(lambda store: store.add(draft))
        return card

    def revise(self, card: Card, text: str, *, expected: int = 1) -> Card:
        revised: Card = self.do(
            lambda store: store.revise(card.id, text, expected=expected, author_id=self.owner)
        )
        return revised

    def folder(self, name: str) -> uuid.UUID:
        owner = self.world.twin
        assert isinstance(owner, Membership)
        with use_tenant(self.world.context):
            return create_folder(member=owner, name=name).id

    def names(self, **options: Any) -> list[str]:
        """What the owner sees in a folder, or in none."""
        page = self.do(
            lambda store: store.list_folder(**{"owner_id": self.owner, "folder_id": None, **options})
        )
        return [card.name for card in page.cards]

    def found(self, question: str, **options: Any) -> list[str]:
        return [card.name for card in self.do(lambda store: store.search(question, **options))]


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(kind: str, left: World) -> Desk:
    return _empty(Desk(left))


@pytest.fixture
def neighbour(kind: str, right: World) -> Desk:
    return _empty(Desk(right))


def _empty(desk: Desk) -> Desk:
    """Without the look-alike rows that every world has: here each story lays its own documents."""
    desk.do(lambda store: store.erase())
    return desk
