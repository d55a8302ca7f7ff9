"""The nearest in meaning: what a database finds is what comparing every vector here finds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from documents.columns import WIDEST
from documents.indexes import index_of_placement
from documents.indexes.portable import Portable
from documents.models import Chunk, ChunkVector
from documents.passages import Passage
from documents.services.passages import write_passages
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tests.fixtures.organizations import World

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

pytestmark = pytest.mark.django_db
SAID = {"pt": "Esta é uma frase que não diz nada.", "en": "This is what they have been asking about."}
#: Passages of each language.
MANY = {"pt": 90, "en": 45}


@pytest.fixture
def told(left: World) -> Iterator[dict[str, uuid.UUID]]:
    """More passages than an order has places, in two languages; a document for each."""
    with use_tenant(left.context):
        Chunk.objects.all().delete()
        names = {language: new_id() for language in SAID}
        for language, source in names.items():
            write_passages("document", source, 1, [Passage("", SAID[language])] * MANY[language])
        yield names


def meant(model: str, numbers: int, seed: int = 1) -> NDArray[np.float32]:
    """A vector of `model` for each passage, all around one middle as models' are; and a question's.

    Of numbers that half precision has, so that every way of comparing comes to the same.
    """
    import numpy as np

    keys = list(Chunk.objects.order_by("id").values_list("id", flat=True))
    chance = np.random.default_rng(seed)
    made = 1 + 0.2 * chance.standard_normal((len(keys) + 1, numbers))
    made = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype("<f2").astype("<f4")
    ChunkVector.objects.bulk_create(
        ChunkVector(chunk_id=key, model=model, vector=vector.tobytes())
        for key, vector in zip(keys, made[1:], strict=True)
    )
    found: NDArray[np.float32] = made[0]
    return found


def same_as_here(model: str, asked: NDArray[np.float32]) -> None:
    """For whoever may read all, some, few and none; whatever language is asked in."""
    index, here, rows = index_of_placement(), Portable(), Chunk.objects.all()
    few = list(rows.order_by("-id").values_list("id", flat=True)[:3])
    for may in (rows, rows.filter(language="en"), rows.filter(pk__in=few), rows.filter(pk__in=())):
        for language in ("", "pt", "en", "xx"):
            found = index.near(may, asked, model, language)
            assert found == here.near(may, asked, model, language), (may.count(), language)
            assert set(found) <= set(may.values_list("id", flat=True))
            assert bool(found) == may.exists()


def test_the_database_finds_what_comparing_every_vector_finds(told: dict[str, uuid.UUID]) -> None:
    same_as_here("one/24", meant("one/24", 24))


def test_a_model_s_vectors_are_found_while_another_s_come_and_go(told: dict[str, uuid.UUID]) -> None:
    """Each question is compared with those of its own model, whichever of them is on its way."""
    by_one, by_two = meant("one/24", 24), meant("two/16", 16, seed=2)
    same_as_here("one/24", by_one)
    same_as_here("two/16", by_two)
    ChunkVector.objects.filter(model="one/24").delete()
    same_as_here("two/16", by_two)
    assert index_of_placement().near(Chunk.objects.all(), by_one, "one/24", "pt") == []
    again = ChunkVector.objects.filter(model="two/16").order_by("id").last()
    assert again is not None
    ChunkVector.objects.filter(id=again.id).update(vector=by_two.tobytes())
    assert index_of_placement().near(Chunk.objects.all(), by_two, "two/16")[0] == again.chunk_id


@pytest.mark.parametrize("numbers", [WIDEST, WIDEST + 1, 3_072])
def test_vectors_of_any_width_are_kept_and_found(told: dict[str, uuid.UUID], numbers: int) -> None:
    """An index has no room for the widest, and its model's name may be long and in any letters."""
    Chunk.objects.filter(ordinal__gte=12).delete()
    model = f"{'𝒎' * 100}/{numbers}"
    same_as_here(model, meant(model, numbers))


@pytest.mark.pool_only("about an index of PostgreSQL, in the database that everybody shares")
def test_a_question_reads_vectors_from_their_index_and_no_row(told: dict[str, uuid.UUID]) -> None:
    """Under row-level security, as the application's role; of so few rows only where nothing else may be."""
    asked = meant("one/24", 24)
    with CaptureQueriesContext(connection) as said:
        index_of_placement().near(Chunk.objects.filter(source_kind="document"), asked, "one/24", "pt")
    (statement,) = [one["sql"] for one in said if "<#>" in one["sql"]]
    with transaction.atomic(), connection.cursor() as cursor:
        for other in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
        cursor.execute("EXPLAIN " + statement.replace("%", "%%"), [])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Index Only Scan using documents_chunkvector_near" in plan, plan
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'documents_chunk_read'")
        (definition,) = cursor.fetchone()
    assert definition.endswith("(organization_id, id) INCLUDE (source_kind, source_id, language)")


@pytest.mark.pool_only("about a column of PostgreSQL, in the database that everybody shares")
def test_stems_lie_in_the_row_itself(told: dict[str, uuid.UUID]) -> None:
    """Fetching them from beside it for thousands of passages takes as long as all else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstorage::text FROM pg_attribute"
            " WHERE attrelid = 'documents_chunk'::regclass AND attname = 'search'"
        )
        assert cursor.fetchone() == ("m",)
