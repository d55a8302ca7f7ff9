"""Stores of documents, one after the other under the same stories."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from byoc.models import Endpoint
from byoc.sealing import sealed_credentials
from documents.services.folders import create_folder
from documents.store import Card, DocumentStore, Draft, store_of
from documents.stores import connecting
from tenants.context import use_tenant
from tenants.models import Membership, Organization
from tests.fixtures.grants import let_dial
from tests.fixtures.organizations import World
from tests.peers.secantus import MongoServer

STORES = ["rows", pytest.param("mongodb", marks=pytest.mark.needs("mongodb"))]


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
def desk(kind: str, left: World, request: pytest.FixtureRequest) -> Iterator[Desk]:
    yield from _open(Desk(left), kind, request)


@pytest.fixture
def neighbour(kind: str, right: World, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """At the same server and in the same database, where there is one."""
    yield from _open(Desk(right), kind, request)


def _open(desk: Desk, kind: str, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Without the look-alike rows that every world has: here each story lays its own documents."""
    if kind == "mongodb":
        bring_mongodb(desk.world.organization, request.getfixturevalue("mongodb"))
    desk.do(lambda store: store.erase())
    yield desk
    desk.do(lambda store: store.erase())
    connecting.forget_all()
    with use_tenant(desk.world.context):
        desk.world.organization.endpoints.all().delete()


def bring_mongodb(organization: Organization, server: MongoServer, **changes: Any) -> Endpoint:
    """What an administrator enters: address, database, user and password."""
    endpoint = Endpoint(
        organization=organization,
        kind=Endpoint.Kind.DATABASE,
        role="documents",
        type="mongodb",
        name="Papers",
        origin=changes.get("origin", server.origin),
        options={"database": server.name, "tls": server.tls, **changes.get("options", {})},
    )
    known = {"user": server.user, "password": server.password, **changes.get("credentials", {})}
    endpoint.credentials = sealed_credentials(endpoint, known)
    with use_tenant(organization.context):
        endpoint.save(force_insert=True)
    let_dial(organization, endpoint.origin)
    return endpoint
