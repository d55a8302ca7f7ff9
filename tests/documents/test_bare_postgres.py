"""A customer's PostgreSQL that lacks extensions: what there is is used, and the rest is done without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from humana.kernel.models import new_id
from tenants.db import replay
from tests.plugins.databases import drop
from tests.plugins.services import Services, in_database

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql_only("about PostgreSQL itself")]
BARE = "bare_of_the_test"
WITHOUT: dict[tuple[str, ...], tuple[bool, bool]] = {
    (): (False, False),
    ("vector",): (True, False),
    ("unaccent", "btree_gin"): (False, True),
}


@pytest.fixture(params=WITHOUT, ids=lambda has: "+".join(has) or "nothing")
def has(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return tuple(request.param)


@pytest.fixture
def bare(services: Services, has: tuple[str, ...]) -> Iterator[psycopg.Connection[Any]]:
    """A database with these extensions and no more, in which its owner made the tables of a placement."""
    assert services.postgres is not None
    drop(BARE, services)
    owner = sql.Identifier(services.postgres.owner.name)
    with services.postgres.connect("postgres") as administrator:
        made = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
        administrator.execute(made.format(sql.Identifier(BARE), owner))
    with services.postgres.connect(BARE) as administrator:
        administrator.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(owner))
        for name in has:
            administrator.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(name)))
    url = in_database(services.postgres.url("owner"), BARE)
    with psycopg.connect(url, autocommit=True) as connection:
        replay.create_schema(connection, "theirs")
        connection.execute("SET search_path = theirs, public")
        yield connection
    drop(BARE, services)


def test_words_are_found_by_their_stems_whatever_is_lacking(
    bare: psycopg.Connection[Any], has: tuple[str, ...]
) -> None:
    here = new_id()
    bare.execute("SELECT set_config('humana.organization', %s, false)", [str(here)])
    bare.execute(
        "INSERT INTO documents_chunk (id, organization_id, created_at, updated_at, source_kind, source_id,"
        " source_version, ordinal, place, language, text, words, vector_model) VALUES"
        " (%s, %s, now(), now(), 'document', %s, 1, 0, '', 'pt', 'As férias coletivas começam.', ' ', '')",
        [new_id(), here, new_id()],
    )
    for question in ("ferias coletiva", "comecam"):
        found = bare.execute(
            "SELECT count(*) FROM documents_chunk WHERE search @@ websearch_to_tsquery('humana_pt', %s)",
            [question],
        ).fetchone()
        assert found == (1,), question
    of_vectors = "SELECT attname FROM pg_attribute WHERE attrelid = 'documents_chunkvector'::regclass"
    indexes = bare.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'theirs'").fetchall()
    embedded, indexed = WITHOUT[has]
    assert (("embedding",) in bare.execute(of_vectors).fetchall()) == embedded
    assert (("documents_chunkvector_near",) in indexes) == embedded
    assert (("documents_chunk_search",) in indexes) == indexed
    assert ("documents_chunk_read",) in indexes
    assert ("documents_chunk_spelled",) not in indexes
