"""Files as people send them, and a storage that can be away."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from byoc import storage
from byoc.storage import erase_platform, files_of
from documents.models import DocumentFile
from documents.services import files, indexing
from documents.store import Card, store_of
from humana.embedded.process import free_port
from tenants.context import current_tenant, use_tenant
from tests.fixtures.organizations import World

PLAN = b"# Plano\n\nA reserva dos quartos abre na segunda-feira.\n\n## Jardim\n\nRosas e lavanda.\n"


@pytest.fixture
def no_file_stays(left: World) -> Iterator[None]:
    owner = left.organization.id
    yield
    erase_platform(owner)


@pytest.fixture
def here(left: World) -> Iterator[World]:
    with use_tenant(left.context):
        yield left


def send(world: World, content: Any = PLAN, name: str = "plano.md", **more: Any) -> Card:
    sent = io.BytesIO(content) if isinstance(content, bytes) else content
    return files.receive(**{"member": world.twin, "content": sent, "name": name, **more})


def read(card: Card) -> DocumentFile:
    """A worker reads it; what it leaves."""
    indexing.index(card.id)
    indexing.embed(card.id)
    return DocumentFile.objects.get(document_id=card.id)


def kept(world: World) -> set[str]:
    return {one.name for one in files_of(world.organization.id).list("documents/")}


def found(world: World, words: str) -> list[uuid.UUID]:
    return [one.id for one in store_of(current_tenant()).search(words, owner_id=world.twin.user_id)]


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes the platform's storage one where nobody answers; ends with the test, or by `dead(False)`."""
    telling = {
        "HUMANA_STORAGE_TYPE": "s3",
        "HUMANA_STORAGE_URL": f"http://127.0.0.1:{free_port()}",
        "HUMANA_STORAGE_OPTIONS": json.dumps({"bucket": "humana", "region": "eu-west-1"}),
        "HUMANA_STORAGE_CREDENTIALS": json.dumps({"access_key": "key", "secret_key": "secret"}),
    }

    def switch(away: bool = True) -> None:
        for name, value in telling.items():
            if away:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        storage.forget()

    yield switch
    switch(False)
