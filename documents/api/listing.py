"""Lists of documents: from the organization's store, page by page, each with what became of its file."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from documents import contract
from documents.models import DocumentFile, Folder
from documents.services.files import states_of
from documents.store import Card, Order, store_of
from humana.api.pagination import Place, Slice
from tenants.context import current_tenant
from tenants.places import gather

#: A document with its file; a note has none.
Row = tuple[Card, DocumentFile | None]
Keep = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """What one placement has from a place on, in order, and whether there is more."""

    rows: list[Row]
    more: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is listed: of whom, and of that only what fits."""

    owner_id: uuid.UUID
    folder: Folder | None = None
    state: str | None = None
    trash: bool = False
    words: str | None = None

    def read(self, after: contract.Place | None, limit: int) -> Part:
        """From the store of the placement we are in."""
        if self.words is not None:
            found = [row for row in with_files(self._found()) if self._fits(row) and _beyond(row, after)]
            return Part(found[:limit], len(found) > limit)
        return self._read_on(after, limit)

    def _read_on(self, after: contract.Place | None, limit: int) -> Part:
        """Page after page of the store, until there is enough that fits."""
        found: list[Row] = []
        at_once = contract.MOST if self.state else limit
        while True:
            page = self._page(at_once, after)
            found += [row for row in with_files(page.cards) if self._fits(row)]
            if len(found) >= limit or page.next is None:
                return Part(found[:limit], page.next is not None or len(found) > limit)
            after = page.next

    def _page(self, limit: int, after: contract.Place | None) -> contract.Page:
        store = store_of(current_tenant())
        if self.trash:
            return store.list_trash(owner_id=self.owner_id, limit=limit, after=after)
        if self.folder is None:
            return store.list_owned(owner_id=self.owner_id, limit=limit, after=after)
        whose, which = self.folder.owner_id, self.folder.id
        return store.list_folder(
            owner_id=whose, folder_id=which, order=Order.CHANGED, limit=limit, after=after
        )

    def _found(self) -> Sequence[Card]:
        owner = self.folder.owner_id if self.folder else self.owner_id
        found = store_of(current_tenant()).search(self.words or "", owner_id=owner, limit=contract.MOST)
        return [one for one in found if self.folder is None or one.folder_id == self.folder.id]

    def _fits(self, row: Row) -> bool:
        return self.state is None or state_of(row[1]) == self.state


def state_of(file: DocumentFile | None) -> str:
    """A note is ready from the beginning."""
    return file.state if file else DocumentFile.State.READY


def with_files(cards: Sequence[Card]) -> list[Row]:
    files = states_of(card.id for card in cards)
    return [(card, files.get(card.id)) for card in cards]


def slice_of(wanted: Wanted, place: Place | None, limit: int) -> Slice:
    """One page, of all placements as one list where there are several. Pages lead forwards only."""
    after = contract.Place(place.key[0], uuid.UUID(str(place.key[1]))) if place else None
    if wanted.folder is not None or not current_tenant().mixed:
        part = wanted.read(after, limit)
        return Slice(part.rows, _next(part.rows) if part.more else None, None)
    gathered = gather(lambda: [wanted.read(after, limit)])
    rows = _merged(gathered.found)
    more = len(rows) > limit or any(part.more for part in gathered.found)
    return Slice(rows[:limit], _next(rows[:limit]) if more else None, None, gathered.silent)


def _merged(parts: Sequence[Part]) -> list[Row]:
    """The latest change first; a store that all placements share tells of each document once."""
    found: dict[uuid.UUID, Row] = {}
    for row in (row for part in parts for row in part.rows):
        if row[0].id not in found or row[1] is not None:
            found[row[0].id] = row
    return sorted(found.values(), key=_key, reverse=True)


def _key(row: Row) -> tuple[Any, ...]:
    return row[0].changed_at, row[0].id


def _beyond(row: Row, after: contract.Place | None) -> bool:
    return after is None or _key(row) < (after.key, after.id)


def _next(rows: Sequence[Row]) -> Place | None:
    return Place(False, list(_key(rows[-1]))) if rows else None
