"""One page of several chains: each keeps its own order, and a cursor holds a place in each of them.

A place in a chain is a number: what is older has a smaller sequence. So a page lies between two places,
whichever way it was come to, and a chain that is silent or has nothing on the page stays where it was.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from django.db.models import QuerySet

from audit.api.serializers import ENTRY_COLUMNS
from audit.models import AuditEntry
from humana.api.pagination import Place, Slice
from tenants.context import current_tenant
from tenants.places import everywhere, gather

#: Before the latest entry of any chain.
TOP = 2**62
_SEQUENCE, _AT = ENTRY_COLUMNS.index("sequence"), ENTRY_COLUMNS.index("at")


class _Line(NamedTuple):
    """`rank` is the time to merge by, which follows the order of the chain."""

    rank: datetime
    placement: uuid.UUID
    row: tuple[Any, ...]


def cut_chains(rows: Callable[[], QuerySet[AuditEntry]], place: Place | None, limit: int) -> Slice:
    """A page of the trails of every placement, the latest first; each row ends with its placement."""
    backwards = place is not None and place.backwards
    came_from = dict.fromkeys([one.placement.id for one in everywhere()], TOP)
    came_from.update(zip(list(came_from), place.key if place else [], strict=False))

    def read() -> list[_Line]:
        here = current_tenant().placement.id
        return _lines(rows(), here, came_from[here], backwards, limit)

    gathered = gather(read)
    lines = sorted(gathered.found, key=lambda one: one.rank, reverse=not backwards)
    page, more = lines[:limit], len(lines) > limit
    reached = came_from | {one.placement: one.row[_SEQUENCE] + backwards for one in page}
    newer, older = (reached, came_from) if backwards else (came_from, reached)
    return Slice(
        [one.row for one in (reversed(page) if backwards else page)],
        next=Place(False, list(older.values())) if page and (more or backwards) else None,
        previous=Place(True, list(newer.values())) if page and (more if backwards else place) else None,
        silent=gathered.silent,
    )


def _lines(
    rows: QuerySet[AuditEntry], here: uuid.UUID, bound: int, backwards: bool, limit: int
) -> list[_Line]:
    """The nearest of the current placement, away from the bound."""
    beyond = rows.filter(sequence__gte=bound) if backwards else rows.filter(sequence__lt=bound)
    ordered = beyond.order_by("sequence" if backwards else "-sequence")
    found = list(ordered.values_list(*ENTRY_COLUMNS)[: limit + 1])
    ranks = accumulate((row[_AT] for row in found), max if backwards else min)
    return [_Line(rank, here, (*row, here)) for rank, row in zip(ranks, found, strict=True)]
