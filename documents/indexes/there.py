"""What a PostgreSQL has for finding, asked once of each placement: extensions are its owner's to have."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import connections

from tenants.context import current_tenant

_ASKED = """
    SELECT to_regprocedure('word_similarity(text, text)') IS NOT NULL,
           EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('documents_chunkvector')
                   AND attname = 'embedding' AND NOT attisdropped)
"""


@dataclass(frozen=True, slots=True)
class There:
    """Trigrams by pg_trgm, vectors by pgvector."""

    trigrams: bool
    vectors: bool


_known: dict[uuid.UUID, There] = {}


def what_is_there() -> There:
    """Of the placement of the context; as it was when this process first asked."""
    place = current_tenant().placement
    if place.id not in _known:
        with connections[place.alias].cursor() as cursor:
            cursor.execute(_ASKED)
            _known[place.id] = There(*cursor.fetchone())
    return _known[place.id]


def forget() -> None:
    """This process asks again."""
    _known.clear()
