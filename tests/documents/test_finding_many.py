"""Finding among more passages than can be weighed for one question: bounded, and what a person expects."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from documents.access import readable_sources
from documents.asking import asking
from documents.indexes import index_of_placement
from documents.indexes.rarity import weighed
from documents.indexes.spelling import one_slip_from
from documents.models import Chunk, Document
from documents.passages import Passage
from documents.services.passages import write_passages
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tests.documents.many import found, taken_for_many
from tests.fixtures.organizations import World

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql_only("elsewhere the latest are looked through"),
]
#: Passages of one document each, and how many of them may be weighed for a question.
SAID = {
    "month": ["O relatório mensal da filial."] * 12,
    "report": ["O relatório da filial que fica longe de todas as outras."] * 12,
    "longer": ["O relatório mensal da filial, que é lido em voz alta por todos os sócios."] * 12,
    "lifts": ["O relatório mensal sobre os elevadores do prédio, escrito por João Figueiredo."],
    "draft": ["O relatório mensal sem rascunho."],
}
WEIGHED = 20


@pytest.fixture
def told(left: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, uuid.UUID]]:
    taken_for_many(monkeypatch, WEIGHED)
    with use_tenant(left.context):
        Chunk.objects.all().delete()
        names = {name: new_id() for name in SAID}
        for name, texts in SAID.items():
            write_passages("document", names[name], 1, [Passage("", text) for text in texts])
        yield names


def test_a_question_of_common_words_only_still_finds_and_the_shortest_first(
    told: dict[str, uuid.UUID],
) -> None:
    """Nearly all passages have each of its words: no rare one says where to look."""
    assert found(told, "relatório mensal")[:13] == ["month"] * 12 + ["draft"]
    assert set(found(told, "relatório")[:13]) == {"month", "draft"}
    assert found(told, "o relatório mensal da filial")[:12] == ["month"] * 12
    assert found(told, "relatório mensal") == found(told, "relatório mensal")


def test_a_rare_word_is_found_among_common_ones(told: dict[str, uuid.UUID]) -> None:
    assert found(told, "relatório mensal elevadores")[0] == "lifts"
    assert found(told, "relatório mensal da filial, Figueiredo")[0] == "lifts"


def test_no_more_than_some_are_weighed_however_common_the_words(
    told: dict[str, uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is what a question costs; how many have a word is told right all the same."""
    monkeypatch.setattr("documents.indexes.rarity.MOST_WEIGHED", 6)
    for words in (["relatorio"], ["relatorio", "mensal"], ["relatorio", "mensal", "elevadores"]):
        seen = weighed(Chunk.objects.all(), words)
        assert 0 < sum({one.which: one.number for one in seen.said}.values()) <= 12, words
        assert list(seen.having) == [{"relatorio": 38, "mensal": 26, "elevadores": 1}[one] for one in words]


def test_phrases_must_be_there_and_what_is_shut_out_may_not(told: dict[str, uuid.UUID]) -> None:
    assert set(found(told, 'relatório "mensal da filial"')) == {"month", "longer"}
    assert found(told, "relatório mensal -filial -elevadores") == ["draft"]
    assert set(found(told, "relatório -mensal")) == {"report"}


def test_a_slip_anywhere_in_a_word_is_found_and_two_slips_by_its_beginning(
    told: dict[str, uuid.UUID],
) -> None:
    for typed in ("igueiredo", "figueredo", "fgiueiredo", "figueireddo", "vigueiredo", "figueierod"):
        assert found(told, typed) == ["lifts"], typed
    assert found(told, "gifueiredo") == [], "two slips, and its beginning is not right"
    assert found(told, "elevadorse figueredo") == ["lifts"]


def test_people_find_only_what_they_may_read(
    told: dict[str, uuid.UUID], left: World, right: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However rare the word, however near the meaning, of what others have."""
    import numpy as np

    from documents.models import ChunkVector

    mine = left.row(Document)
    write_passages("document", mine.id, 1, [Passage("", "O relatório mensal é meu.")] * 3)
    for number, row in enumerate(Chunk.objects.order_by("id")):
        far = (row.source_id == mine.id) * 0.01 * (1 + number)
        vector = np.array([1 - far, far], "<f4") / np.linalg.norm([1 - far, far])
        ChunkVector(chunk_id=row.id, model="one/2", vector=vector.astype("<f4").tobytes()).save()
    rows = Chunk.objects.filter(readable_sources(left.twin, documents=[mine.id, *told.values()]))
    named = told | {"mine": mine.id}
    for question in ("relatório mensal", "relatório mensal elevadores", "relatório mensal figueredo"):
        assert found(named, question, rows) == ["mine"] * 3, question
    assert found(named, "elevadores", rows) == found(named, "figueredo", rows) == []
    monkeypatch.setattr("documents.indexes.rarity.MOST_WEIGHED", 1)
    index, may = index_of_placement(), set(rows.values_list("id", flat=True))
    for question in ("relatório mensal", "relatório mensal elevadores", "relatório filial"):
        said = index.words(rows, asking(question)).keys
        assert said, question
        assert set(said) <= may, question
    assert index.similar(rows, asking("figueredo"), ["figueredo"]).keys == []
    for language in ("pt", "en", ""):
        assert set(index.near(rows, np.array([1, 0], "<f4"), "one/2", language)) == may
    with use_tenant(right.context):
        Chunk.objects.all().delete()
        assert found(named, "relatório mensal figueredo", Chunk.objects.all()) == []


@pytest.mark.pool_only("indexes of PostgreSQL, in the database that everybody shares")
def test_the_database_is_told_what_comparing_stems_costs(told: dict[str, uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT procost FROM pg_proc WHERE proname = 'ts_match_vq'")
        assert cursor.fetchone() == (100.0,)


def test_a_question_is_few_statements(told: dict[str, uuid.UUID]) -> None:
    """Each is a way to the database and back, wherever the organization has placed it."""
    with CaptureQueriesContext(connection) as asked:
        found(told, "relatório mensal da filial sobre elevadores, figueredo")
    assert len(asked) <= 12


# --- without a database


def test_one_slip_is_a_letter_left_out_turned_round_another_or_one_more() -> None:
    slips = one_slip_from("casa")
    assert {"asa", "csaa", "cara", "casal", "acasa", "casas", "caasa"} <= slips
    assert not {"casa", "ascs", "cassas"} & slips
    assert one_slip_from("a" * 25) == set()
