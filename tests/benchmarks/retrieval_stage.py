"""One organization with many passages and ten neighbours in the same tables, for `make bench-retrieval`.

Texts are real (`tests.benchmarks.texts`). Vectors of so many would take the small model hours: each is a
mean of two that it made of texts in its language, weighted so that all of them lie and spread as the real
ones do.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from tests.benchmarks.corpus import Corpus
from tests.benchmarks.texts import MESSAGES, Text, texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEIGHBOURS = 10
#: Passages of one document.
TOGETHER = 20
_GIN = """
    SELECT format('%I.%I', schemaname, indexname), indexdef FROM pg_indexes
    WHERE tablename = 'documents_chunk' AND indexdef LIKE '% USING gin %'
"""


def filled(
    made: Corpus, vectors: Mapping[str, NDArray[np.float32]], model: str, number: int, cache: Path
) -> Any:
    """The world with `number` of them; each neighbour has a tenth. `vectors` are real ones by language."""
    from tests.fixtures.organizations import build_world

    worlds = [build_world(f"bench-{one}") for one in range(1 + NEIGHBOURS)]
    said = texts(made, 2 * number, cache / f"texts-{2 * number}.json")
    with _without_gin():
        for at, world in enumerate(worlds):
            first = number + (at - 1) * number // NEIGHBOURS if at else 0
            some = said[first : first + (number // NEIGHBOURS if at else number)]
            _fill(world, some, _mixed(vectors, some, at), model)
    with owner() as connection:
        connection.execute("VACUUM ANALYZE")
    return worlds[0]


@contextmanager
def owner() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        yield connection


@contextmanager
def _without_gin() -> Iterator[None]:
    """Built at the end, all at once: filling takes a third of the time."""
    with owner() as connection:
        made = connection.execute(_GIN).fetchall()
        for name, _statement in made:
            connection.execute(f"DROP INDEX {name}")
        yield
        connection.execute("SET maintenance_work_mem = '512MB'")
        for _name, statement in made:
            connection.execute(statement)


def _mixed(real: Mapping[str, NDArray[np.float32]], said: Sequence[Text], seed: int) -> NDArray[np.float32]:
    """Means of two at chance: √share and √(1 - share) of how far each is from the middle keep the spread."""
    import numpy as np

    chance = np.random.default_rng(seed)
    made = np.empty((len(said), real["pt"].shape[1]), "<f4")
    portuguese = np.array([one.title == MESSAGES for one in said])
    for language, which in (("pt", portuguese), ("en", ~portuguese)):
        told, number = real[language], int(which.sum())
        middle = told.mean(axis=0)
        one, other = (told[chance.integers(0, len(told), number)] - middle for _ in range(2))
        share = chance.uniform(0, 0.5, (number, 1)).astype("<f4")
        mixed = middle + np.sqrt(1 - share) * one + np.sqrt(share) * other
        made[which] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return made


def _fill(world: Any, said: Sequence[Text], vectors: NDArray[np.float32], model: str) -> None:
    from documents.models import Chunk, ChunkVector
    from documents.services.passages import described
    from documents.services.vectors import wanting
    from tenants.context import use_tenant

    with use_tenant(world.context):
        wanting(model)
        for at in range(0, len(said), 1_000):
            chunks = [
                Chunk(
                    source_kind="document", source_id=uuid.UUID(int=number // TOGETHER), source_version=1,
                    ordinal=number % TOGETHER, place=one.place, text=one.text,
                    **described(one.title, one.place, one.text),
                )
                for number, one in enumerate(said[at : at + 1_000], at)
            ]  # fmt: skip
            Chunk.objects.bulk_create(chunks)
            ChunkVector.objects.bulk_create(
                ChunkVector(chunk=one, model=model, vector=vector.tobytes())
                for one, vector in zip(chunks, vectors[at:], strict=False)
            )
