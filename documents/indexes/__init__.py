"""How passages are found in each kind of database, behind one small interface.

    Portable    MariaDB and SQLite: words as they begin, letters in threes, every vector looked at here
    Postgres    stems, phrases and trigrams by the database's own indexes; vectors where it has pgvector

`index_of_placement()` chooses by the placement of the context, and asks a database once what it has.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from django.db.models import QuerySet

from documents.asking import Asked
from documents.languages import OTHER
from documents.models import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How many of each order count for the one made of all.
MOST_RANKED = 30


@dataclass(frozen=True, slots=True)
class Order:
    """Passages, the best first; `trust` says from 0 to 1 how well the best of them fits.

    `missing` are the longer words of the question that no passage has.
    """

    keys: list[uuid.UUID] = field(default_factory=list)
    trust: float = 0.0
    missing: tuple[str, ...] = ()


class Index(Protocol):
    """Orders of passages, the best first, at most MOST_RANKED of each.

    `rows` says who may be told: it is part of every question to the database, and nothing else is ever
    given. The same rows and question give the same order.
    """

    def narrowed(self, rows: QuerySet[Chunk], asked: Asked) -> QuerySet[Chunk]:
        """Those with every phrase asked for and without every word shut out."""
        ...

    def words(self, rows: QuerySet[Chunk], asked: Asked) -> Order:
        """Those that share words with the question, rare ones first; trusted as far as the best has them."""
        ...

    def similar(self, rows: QuerySet[Chunk], asked: Asked, missing: Sequence[str]) -> Order:
        """Those with a word spelled much like one of `missing`, which none of `rows` has.

        Trusted as far as the best has the whole question so: one odd word among many says little.
        """
        ...

    def near(
        self, rows: QuerySet[Chunk], vector: NDArray[np.float32], model: str, language: str = OTHER
    ) -> list[uuid.UUID]:
        """Those nearest in meaning, of those with a vector of `model`; `language` is the question's.

        Models find what is in the question's language more alike for that alone: it is taken off.
        """
        ...


def index_of_placement() -> Index:
    """Of the database in which the organization of the context lives."""
    from documents.indexes.portable import Portable
    from documents.indexes.postgres import Postgres
    from documents.indexes.there import what_is_there
    from tenants.context import current_tenant

    if current_tenant().placement.engine != "postgresql":
        return Portable()
    return Postgres(what_is_there())
