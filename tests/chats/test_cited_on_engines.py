"""A file that somebody sends is read, found and cited the same where the rows are in SQLite or on MariaDB."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from chats.models import Run
from chats.searching import Wanted, search
from chats.services.replies import ask
from chats.sources import sources_of
from documents.finding import find
from documents.models import Chunk, ChunkVector, DocumentFile
from documents.services import files, indexing
from documents.store import store_of
from tenants.context import current_tenant, use_tenant
from tenants.db import aliases
from tests.chats.conftest import Desk, desk_at
from tests.documents.making.office import docx, paragraph
from tests.fixtures.engines import Engine
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server
from tests.plugins.engines import engine_of, founded_on
from tests.plugins.services import Services

pytestmark = [pytest.mark.adapters, pytest.mark.django_db(transaction=True)]
ROSES = "As férias coletivas da equipe do jardim 🌹 começam em dezembro. João Figueiredo cuida delas."
OVENS = "The ovens are cleaned with vinegar every Friday."
LONG = "paciência 🌹 " * 9_000
AT_ONCE = 8


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
def engine(request: pytest.FixtureRequest, services: Services) -> Iterator[Engine]:
    made = engine_of(request.param, request, services)
    yield made
    made.close()


@pytest.fixture
def there(engine: Engine, server: Server, transactional_db: None) -> Iterator[Desk]:
    """An organization whose rows are in a database of its own on that engine."""
    with founded_on(engine):
        desk = desk_at(server)
    with use_tenant(desk.world.context):
        assert current_tenant().placement.engine in ("sqlite", "mysql")
        Chunk.objects.all().delete()
    yield desk
    aliases.close_mine()


def test_a_file_is_read_found_and_cited(there: Desk, scripted_model: ScriptedModel) -> None:
    """By words without accents, by letters and by meaning; with letters of four bytes and a long text."""
    member = there.world.member
    with use_tenant(there.world.context):
        card = files.receive(member=member, content=_letter(), name="Cartas 🌹.docx")
        long = files.write(member=member, name="Patience", text=LONG)
        indexing.index(card.id)
        indexing.embed(card.id)
        assert DocumentFile.objects.get(document_id=card.id).state == "ready"
        store = store_of(current_tenant())
        assert "🌹" in store.read(card.id).text
        assert store.read(long.id).text == LONG
        for question in ("FERIAS coletivas", "figueredo", '"férias coletivas" -inverno'):
            first = find(Chunk.objects.all(), question, passages=1, characters=9_000, meaning=False)
            assert [one.source_id for one in first] == [card.id], question
        passage = Chunk.objects.filter(source_id=card.id, ordinal=0).get()
        assert ChunkVector.objects.filter(chunk=passage).exists()
        by_meaning = "When is the team of the garden on holiday?"
        assert passage.id in [
            one.id for one in find(Chunk.objects.all(), by_meaning, passages=2, characters=9_000)
        ]
        asked = "say:Em dezembro 🌹 [1]."
        run = ask(member=member, chat=there.new_chat(), text=asked, document_ids=[card.id])
    run = there.until(run, Run.State.DONE)
    assert "férias coletivas" in scripted_model.entries[0].body["messages"][0]["content"]
    with use_tenant(there.world.context):
        (source,) = sources_of(member, [run.message_id])[run.message_id]
        assert (source.number, source.title) == (1, "Cartas 🌹.docx")
        assert run.message.text == "Em dezembro 🌹 [1]."
        found = search(member, Wanted("DEZEMBRO"), most=5).hits
    assert [one.chat.id for one in found] == [run.chat_id]


def test_eight_who_ask_at_once_are_all_answered(there: Desk) -> None:
    def answered(number: int) -> str:
        try:
            run = there.ask(f"say:Answer {number}.")
            return there.message(there.until(run, Run.State.DONE, seconds=60)).text
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as people:
        told = list(people.map(answered, range(AT_ONCE)))
    assert told == [f"Answer {number}." for number in range(AT_ONCE)]


def _letter() -> io.BytesIO:
    return io.BytesIO(docx(paragraph(ROSES) + paragraph(OVENS)))
