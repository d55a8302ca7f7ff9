"""Passages that were written before it was done as it is now: what is kept beside their text is made anew.

Text, place and vector stay as they are. After an upgrade it is part of what `documents.services.renewing`
does in the background; questions go on meanwhile by what there is.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from django.db.models import QuerySet
from django.utils import timezone

from documents.models import Chunk
from documents.services.passages import FORM, described
from documents.store import store_of
from humana.kernel.registry import Registry
from tenants.context import current_tenant
from tenants.scoping import locked
from tenants.transactions import tenant_atomic

Titles: TypeAlias = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, str]]
#: Says the titles of sources in the current placement, by the kind of source; of one that is gone, none.
titles: Registry[Titles] = Registry("titles of sources")


def outdated() -> QuerySet[Chunk]:
    """Those of this placement that were written in an older way."""
    return Chunk.objects.filter(form__lt=FORM)


def rewrite(most: int) -> int:
    """So many of them; how many. Raises EndpointError where their documents are in a store that is away."""
    some = list(outdated().order_by("id").values_list("id", "source_kind", "source_id")[:most])
    named = _titles({(kind, source) for _key, kind, source in some})
    with tenant_atomic():
        rows = list(locked(outdated().filter(id__in=[key for key, _kind, _source in some]).order_by("id")))
        for row in rows:
            _make_anew(row, named.get(row.source_id, row.title))
        Chunk.objects.bulk_update(rows, [*described("", "", ""), "updated_at"], batch_size=100)
    return len(some)


def _make_anew(row: Chunk, title: str) -> None:
    for name, value in described(title, row.place, row.text).items():
        setattr(row, name, value)
    row.updated_at = timezone.now()


def _titles(sources: Collection[tuple[str, uuid.UUID]]) -> dict[uuid.UUID, str]:
    named: dict[uuid.UUID, str] = {}
    for kind in {kind for kind, _source in sources}:
        if kind in titles:
            named.update(titles.get(kind)({source for of, source in sources if of == kind}))
    return named


def names_of_documents(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Those in the trash too: they may come back."""
    store = store_of(current_tenant())
    return {card.id: card.name for card in (*store.cards(ids, in_trash=True), *store.cards(ids))}
