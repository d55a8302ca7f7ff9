"""What people find in the organization's passages: in both languages, however they type, and never more."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.db import connection

from documents.asking import asking
from documents.indexes import Index, index_of_placement
from documents.indexes.portable import Portable
from documents.indexes.postgres import Postgres
from documents.indexes.there import There
from documents.languages import language_of
from documents.models import Chunk
from documents.passages import Passage, split_sections
from documents.services.passages import write_passages
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tests.documents.many import found, taken_for_many
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db

SAID = {
    "ferias": "As férias coletivas começam em dezembro e todos os funcionários recebem o abono antes.",
    "convencoes": "As convenções coletivas são revistas a cada ano pelo sindicato e pela empresa.",
    "rh": "Quem tem uma dúvida sobre o salário fala com o RH, que responde em dois dias.",
    "oven": "The ovens are cleaned with vinegar every Friday, and nobody may use soap on them.",
    "invoices": "Suppliers are paid on the fifth working day of the month after their invoices came.",
    "joao": "João Figueiredo é o responsável pela manutenção dos elevadores do prédio.",
}


@pytest.fixture(params=["few", "many"])
def told(
    left: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, uuid.UUID]]:
    """Each text a source of its own, inside the organization; found as they are among few and among many."""
    if request.param == "many":
        taken_for_many(monkeypatch)
    with use_tenant(left.context):
        Chunk.objects.all().delete()
        names = {name: new_id() for name in SAID}
        for name, text in SAID.items():
            write_passages("document", names[name], 1, [Passage("", text)], title=name.title())
        yield names


def test_people_find_by_other_forms_without_accents_and_misspelled(told: dict[str, uuid.UUID]) -> None:
    for question, name in {
        "Quando começam as férias?": "ferias",
        "ferias coletivas": "ferias",
        "FÉRIAS": "ferias",
        "How do I clean the oven?": "oven",
        "Fala com o RH": "rh",
        "figueredo": "joao",
        "invioces": "invoices",
    }.items():
        assert found(told, question)[:1] == [name], question
    assert found(told, "Quem começa?") == found(told, "Quem começa?")
    assert found(told, "zzyzx") == found(told, "???") == found(told, "\0") == []


def test_phrases_must_be_there_and_what_is_shut_out_may_not(told: dict[str, uuid.UUID]) -> None:
    assert set(found(told, "coletivas")) == {"ferias", "convencoes"}
    assert found(told, 'coletivas "férias coletivas"') == ["ferias"]
    assert found(told, "coletivas -sindicato") == ["ferias"]
    assert found(told, 'coletivas -"abono antes"') == ["convencoes"]
    for nonsense in ('"', '""', "-", '- -"" "', "a | b & !c <-> :*", "'; DROP TABLE", "%s %d %", "\\"):
        assert found(told, nonsense) == [], nonsense


def test_one_odd_word_does_not_drown_a_question(told: dict[str, uuid.UUID]) -> None:
    """Alone it is all that was asked; among many it is one of them."""
    assert found(told, "figueredo") == ["joao"]
    asked = "Suppliers paid fifth working day month invoices figueredo"
    assert found(told, asked)[0] == "invoices"


@pytest.mark.postgresql_only("elsewhere the order of words is not known")
def test_a_phrase_is_words_in_their_order(told: dict[str, uuid.UUID]) -> None:
    assert found(told, '"coletivas férias"') == []


def test_nothing_is_looked_at_but_the_rows_that_are_given(told: dict[str, uuid.UUID], right: World) -> None:
    """Neither another source, nor another organization that says the very same."""
    rows = Chunk.objects.filter(source_id__in=[told["oven"], told["rh"]])
    for question in ("férias coletivas", "figueredo", '"férias coletivas"'):
        assert found(told, question, rows) == []
    with use_tenant(right.context):
        Chunk.objects.all().delete()
        assert found(told, "férias coletivas", Chunk.objects.all()) == []
        write_passages("document", told["oven"], 1, [Passage("", SAID["ferias"])])
        assert found(told, "férias coletivas", Chunk.objects.all()) == ["oven"]
    assert found(told, "férias coletivas", rows) == []


@pytest.mark.pool_only("row-level security, in the database that everybody shares")
def test_where_the_filter_is_forgotten_row_security_holds(told: dict[str, uuid.UUID], right: World) -> None:
    """The operators that may be asked before it has spoken tell nothing of another's rows."""
    signs = ("search @@ phraseto_tsquery('humana_pt', 'ferias')", "words %> 'ferias'")
    statements = [f"SELECT count(*) FROM documents_chunk WHERE {sign}" for sign in signs]
    assert [counted(one) for one in statements] == [1, 1]
    with use_tenant(right.context):
        Chunk.objects.all().delete()
        assert [counted(one) for one in statements] == [0, 0]


def counted(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


@pytest.mark.pool_only("indexes of PostgreSQL, in the database that everybody shares")
def test_the_platforms_own_databases_may_ask_the_index_of_search_first(told: dict[str, uuid.UUID]) -> None:
    """Which index a plan asks depends on how many rows there are: `make bench-retrieval` prints it."""
    marked = "SELECT count(*) FROM pg_proc WHERE proleakproof AND proname = ANY (ARRAY{names}::name[])"
    assert counted(marked.replace("{names}", "['ts_match_vq', 'word_similarity_commutator_op']")) == 2
    kept = (
        "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema()"
        " AND indexname IN ('documents_chunk_search', 'documents_chunk_spelled')"
        " AND indexdef LIKE '%gin (organization_id, %'"
    )
    assert counted(kept) == 2


def test_every_index_gives_the_same_order_of_the_nearest(told: dict[str, uuid.UUID]) -> None:
    """By the database where it can, else here; equals stand in one order, and no other model is compared."""
    import numpy as np

    from documents.models import ChunkVector

    keys = list(Chunk.objects.order_by("id").values_list("id", flat=True))
    made = np.eye(8, dtype="<f4")[: len(keys)]
    made[1] = made[0]
    made[2] = (made[0] + made[3] * 0.05) / np.linalg.norm(made[0] + made[3] * 0.05)
    for key, vector in zip(keys, made, strict=True):
        ChunkVector(chunk_id=key, model="one/8", vector=vector.tobytes()).save()
    ChunkVector(chunk_id=keys[4], model="two/8", vector=made[0].tobytes()).save()
    indexes: list[Index] = [index_of_placement(), Portable(), Postgres(There(trigrams=False, vectors=False))]
    for index in indexes:
        assert index.near(Chunk.objects.all(), made[0], "one/8") == keys[:3]
        assert index.near(Chunk.objects.exclude(id=keys[0]), made[0], "one/8") == keys[1:3]
        assert index.near(Chunk.objects.all(), made[0], "three/8") == []


def test_an_answer_in_another_language_is_not_behind_all_that_is_in_the_question_s(
    told: dict[str, uuid.UUID],
) -> None:
    """To a model all that is in its language is alike; with little in either, nobody can tell how much."""
    import numpy as np

    from documents.models import ChunkVector

    alike = {"pt": [0.9 - n / 200 for n in range(12)], "en": [0.8825, *[0.8] * 11]}
    said = {"pt": "Esta é uma frase que não diz nada.", "en": "This is what they have been asking about."}
    answer = new_id()
    for language, source in (("pt", new_id()), ("en", answer)):
        write_passages("document", source, 1, [Passage("", said[language])] * 12)
        for like, row in zip(alike[language], Chunk.objects.filter(source_id=source), strict=True):
            vector = np.array([like, np.sqrt(1 - like**2)], "<f4")
            ChunkVector(chunk_id=row.id, model="one/2", vector=vector.tobytes()).save()
    rows, asked = Chunk.objects.all(), np.array([1, 0], "<f4")
    ours = Chunk.objects.get(source_id=answer, ordinal=0).id
    few = rows.exclude(source_id=answer, ordinal__gte=9)
    for index in (index_of_placement(), Portable(), Postgres(There(trigrams=False, vectors=False))):
        assert index.near(rows, asked, "one/2").index(ours) == 4
        assert index.near(rows, asked, "one/2", "pt")[0] == ours
        assert index.near(few, asked, "one/2", "pt").index(ours) == 4


@pytest.mark.pool_only("what PostgreSQL keeps by itself, in the database that everybody shares")
def test_a_text_that_is_sealed_is_in_no_index(told: dict[str, uuid.UUID]) -> None:
    Chunk.objects.filter(source_id=told["oven"]).update(text="\x01s0sealed vinegar")
    with connection.cursor() as cursor:
        cursor.execute("SELECT search FROM documents_chunk WHERE source_id = %s", [told["oven"]])
        assert cursor.fetchone() == (None,)


# --- without a database


def test_passages_of_a_document_in_parts_stay_in_their_part() -> None:
    parts = [
        Passage("page:1", "One.\n\n# Two\n\nThree."),
        Passage("", "# Four\n\nFive."),
        Passage("page:3", " "),
    ]
    assert [(one.place, one.text) for one in split_sections(parts)] == [
        ("page:1", "One.\n\n# Two\n\nThree."),
        ("Four", "# Four\n\nFive."),
    ]


def test_a_language_is_told_by_its_little_words() -> None:
    for name, text in SAID.items():
        assert language_of(text) == ("en" if name in {"oven", "invoices"} else "pt"), name
    assert language_of("") == language_of("SELECT 1") == language_of("東京 大阪") == ""


def test_a_question_is_taken_apart() -> None:
    asked = asking('Wi-Fi e-mail "abono de férias" -dezembro -5 - x RH')
    assert (asked.phrases, asked.without) == (("abono de férias",), ("dezembro",))
    assert asked.text == "Wi-Fi e-mail  abono de férias    -5 - x RH"
    assert asked.words == ("mail", "abono", "ferias", "rh")
