"""Lists of documents: from the organization's store, page by page, each with what became of its file."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from documents import contract
from documents.models import DocumentFile, Folder
from documents.services.files import states_of
from documents.store import Card, Order, store_of, stored_elsewhere
from humana.api.pagination import Place, Slice
from humana.kernel.errors import Invalid
from tenants.context import current_tenant
from tenants.places import gather

_OFFICE = "application/vnd.openxmlformats-officedocument"
#: A document with its file; a note has none.
Row = tuple[Card, DocumentFile | None]
#: Kinds of documents as people speak of them, by how their types begin; what was written here is a `note`.
KINDS: dict[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",),
    "document": (f"{_OFFICE}.wordprocessingml", "application/vnd.oasis.opendocument.text"),
    "table": (f"{_OFFICE}.spreadsheetml", "application/vnd.oasis.opendocument.spreadsheet", "text/csv"),
    "slides": (f"{_OFFICE}.presentationml", "application/vnd.oasis.opendocument.presentation"),
    "image": ("image/",),
    "text": ("text/",),
}


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
    kind: str | None = None
    trash: bool = False
    words: str | None = None
    order: Order = Order.CHANGED

    def read(self, after: contract.Place | None, limit: int) -> Part:
        """From the store of the placement we are in."""
        if self.words is not None:
            found = [one for one in with_files(self._found()) if self._fits(one) and self._beyond(one, after)]
            return Part(found[:limit], len(found) > limit)
        return self._read_on(after, limit)

    def _read_on(self, after: contract.Place | None, limit: int) -> Part:
        """Page after page of the store, until there is enough that fits."""
        found: list[Row] = []
        at_once = contract.MOST if self.state or self.kind else limit
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
            return store.list_owned(owner_id=self.owner_id, order=self.order, limit=limit, after=after)
        whose, which = self.folder.owner_id, self.folder.id
        return store.list_folder(owner_id=whose, folder_id=which, order=self.order, limit=limit, after=after)

    def _found(self) -> Sequence[Card]:
        owner = self.folder.owner_id if self.folder else self.owner_id
        found = store_of(current_tenant()).search(self.words or "", owner_id=owner, limit=contract.MOST)
        return [one for one in found if self.folder is None or one.folder_id == self.folder.id]

    def _fits(self, row: Row) -> bool:
        in_state = self.state is None or state_of(row[1]) == self.state
        return in_state and (self.kind is None or kind_of(row) == self.kind)

    def key(self, row: Row) -> tuple[Any, uuid.UUID]:
        """Where the row is in the order; of what is at a MongoDB, the size of its text counts."""
        card, file = row
        elsewhere = bool(stored_elsewhere(current_tenant().organization_id))
        size = file.size if file is not None and not elsewhere else None
        return contract.key_of(card, self.effective_order, size), card.id

    @property
    def effective_order(self) -> Order:
        """The trash, and what is found by words, come with the latest change first."""
        return Order.CHANGED if self.trash or self.words is not None else self.order

    def _beyond(self, row: Row, after: contract.Place | None) -> bool:
        if after is None:
            return True
        here = (after.key, after.id)
        return self.key(row) > here if self.effective_order.ascending else self.key(row) < here


def state_of(file: DocumentFile | None) -> str:
    """A note is ready from the beginning."""
    return file.state if file else DocumentFile.State.READY


def with_files(cards: Sequence[Card]) -> list[Row]:
    files = states_of(card.id for card in cards)
    return [(card, files.get(card.id)) for card in cards]


def kind_of(row: Row) -> str:
    """One of KINDS; `other` for what is none of them."""
    card, file = row
    if file is None:
        return "note"
    return next((kind for kind, types in KINDS.items() if card.media_type.startswith(types)), "other")


def slice_of(wanted: Wanted, place: Place | None, limit: int) -> Slice:
    """One page, of all placements as one list where there are several. Pages lead forwards only."""
    after = _begins(wanted, place)
    if wanted.folder is not None or not current_tenant().mixed:
        part = wanted.read(after, limit)
        return Slice(part.rows, _next(wanted, part.rows) if part.more else None, None)
    gathered = gather(lambda: [wanted.read(after, limit)])
    rows = _merged(wanted, gathered.found)
    more = len(rows) > limit or any(part.more for part in gathered.found)
    return Slice(rows[:limit], _next(wanted, rows[:limit]) if more else None, None, gathered.silent)


def _merged(wanted: Wanted, parts: Sequence[Part]) -> list[Row]:
    """In the order; a store that all placements share tells of each document once."""
    found: dict[uuid.UUID, Row] = {}
    for row in (row for part in parts for row in part.rows):
        if row[0].id not in found or row[1] is not None:
            found[row[0].id] = row
    return sorted(found.values(), key=wanted.key, reverse=not wanted.effective_order.ascending)


def _begins(wanted: Wanted, place: Place | None) -> contract.Place | None:
    """Invalid for a place of a list that is ordered in another way."""
    if place is None:
        return None
    if len(place.key) != 3 or place.key[0] != wanted.effective_order.value:
        message = _("This cursor does not belong to this list. Start again without it.")
        raise Invalid(message, field="cursor", code="bad_cursor")
    return contract.Place(place.key[1], uuid.UUID(str(place.key[2])))


def _next(wanted: Wanted, rows: Sequence[Row]) -> Place | None:
    return Place(False, [wanted.effective_order.value, *wanted.key(rows[-1])]) if rows else None
