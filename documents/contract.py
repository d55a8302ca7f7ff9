"""What a store of documents promises, whatever it is built on. `documents.store` finds the right one.

A document has a card (everything about it but its text) and versions of its text. Every operation
is all or nothing for one document. A store works for the organization it was opened for and for
nobody else; outside that organization's context every operation raises NoTenant. A document that
is missing, or in the trash where the operation does not say so, is NotFound.

Who may do what is asked before: a store knows no permissions and writes no trail. That a folder
exists, and is the owner's, is the caller's to see to (`documents.queries.access_folder`).

Moments have milliseconds, the finest that every store keeps.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext as _

from documents.words import plain
from humana.kernel.errors import Conflict, NoTenant, NotFound, StaleVersion
from humana.kernel.models import new_id
from humana.kernel.text import clean_text
from tenants.context import current_tenant

#: Characters of one version's text, of a name, of a media type.
LARGEST_TEXT, LONGEST_NAME, LONGEST_TYPE = 1_000_000, 200, 100
#: The most cards that one page or one search gives.
MOST = 100


class Order(Enum):
    """How documents are listed: by name from A to Z, the latest change first, the largest first; or, with a
    dash, the other way round. Large is what the file is, or the text of what has none.
    """

    NAME, NAME_TURNED = "name", "-name"
    CHANGED, CHANGED_TURNED = "changed", "-changed"
    SIZE, SIZE_TURNED = "size", "-size"

    @property
    def by(self) -> str:
        """`name`, `changed` or `size`."""
        return self.value.removeprefix("-")

    @property
    def ascending(self) -> bool:
        return self in (Order.NAME, Order.CHANGED_TURNED, Order.SIZE_TURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything about a document but its text. `size` is bytes of the latest version in UTF-8."""

    id: uuid.UUID
    owner_id: uuid.UUID
    folder_id: uuid.UUID | None
    name: str
    media_type: str
    version: int
    size: int
    created_at: datetime
    changed_at: datetime
    trashed_at: datetime | None = None
    trashed_by: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a document's text, never changed again. The first has number 1."""

    number: int
    text: str
    author_id: uuid.UUID
    written_at: datetime

    @property
    def size(self) -> int:
        """Bytes in UTF-8."""
        return size_of(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document to be: Invalid where a text is too long or cannot be stored."""

    owner_id: uuid.UUID
    author_id: uuid.UUID
    name: str
    text: str
    folder_id: uuid.UUID | None = None
    media_type: str = "text/plain"
    id: uuid.UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        object.__setattr__(self, "text", clean_body(self.text))
        clean_text(self.media_type, field="media_type", limit=LONGEST_TYPE)


@dataclass(frozen=True, slots=True)
class Place:
    """After the card with this id, whose value in the order is `key`."""

    key: str | int | datetime
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Cards in their order, and where the next page begins; None on the last."""

    cards: tuple[Card, ...]
    next: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an organization keeps. `bytes` counts every version, of documents in the trash too."""

    documents: int
    in_trash: int
    versions: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Record:
    """A whole document, to be put back elsewhere just as it was. Versions from the first on."""

    card: Card
    versions: tuple[Version, ...]


def begun(draft: Draft) -> Record:
    """The document that a draft becomes, at this moment."""
    moment = now()
    version = Version(number=1, text=draft.text, author_id=draft.author_id, written_at=moment)
    card = Card(
        id=draft.id,
        owner_id=draft.owner_id,
        folder_id=draft.folder_id,
        name=draft.name,
        media_type=draft.media_type,
        version=version.number,
        size=version.size,
        created_at=moment,
        changed_at=moment,
    )
    return Record(card, (version,))


class DocumentStore(Protocol):
    """The documents of one organization."""

    def add(self, draft: Draft) -> Card:
        """Keep a new document, as version 1. Conflict where the id is taken."""

    def revise(self, document_id: uuid.UUID, text: str, *, expected: int, author_id: uuid.UUID) -> Card:
        """Keep a next version. StaleVersion, a Conflict, unless the latest is `expected`."""

    def card(self, document_id: uuid.UUID) -> Card:
        """What is on the document's card."""

    def cards(self, ids: Iterable[uuid.UUID], *, in_trash: bool = False) -> tuple[Card, ...]:
        """Those of these documents that are here, or that are in the trash; in no order to rely on."""

    def read(self, document_id: uuid.UUID, number: int | None = None) -> Version:
        """The latest version, or that of `number`."""

    def list_folder(
        self,
        *,
        owner_id: uuid.UUID,
        folder_id: uuid.UUID | None,
        order: Order = Order.NAME,
        limit: int = 20,
        after: Place | None = None,
    ) -> Page:
        """The owner's documents in a folder, or in none. Names are compared without accents and case."""

    def list_owned(
        self,
        *,
        owner_id: uuid.UUID,
        order: Order = Order.CHANGED,
        limit: int = 20,
        after: Place | None = None,
    ) -> Page:
        """All of the owner's documents, in whatever folder."""

    def count_owned(self, owner_id: uuid.UUID) -> int:
        """How many the owner has, those in the trash too."""

    def list_trash(self, *, owner_id: uuid.UUID, limit: int = 20, after: Place | None = None) -> Page:
        """The owner's documents in the trash, the latest change first."""

    def trashed_before(self, moment: datetime, *, limit: int = 20) -> tuple[Card, ...]:
        """What of the organization is in the trash since before then; as many as are asked for."""

    def move(
        self, document_id: uuid.UUID, *, folder_id: uuid.UUID | None, seen: datetime | None = None
    ) -> Card:
        """Put into another folder, or into none. StaleVersion where it was changed since it was `seen`."""

    def rename(self, document_id: uuid.UUID, *, name: str, seen: datetime | None = None) -> Card:
        """Give another name; Invalid for none. StaleVersion where it was changed since it was `seen`."""

    def trash(self, document_id: uuid.UUID, *, by: uuid.UUID) -> Card:
        """Hide from everything but the trash."""

    def restore(self, document_id: uuid.UUID) -> Card:
        """Take out of the trash. NotFound for what is not in it."""

    def purge(self, document_id: uuid.UUID) -> None:
        """Delete from the trash, with every version, for good. Conflict for what is not in it."""

    def search(
        self, question: str, *, owner_id: uuid.UUID | None = None, limit: int = 20
    ) -> tuple[Card, ...]:
        """Documents in whose name or latest text every word occurs, if only as a beginning.

        Without accents and case; the latest change first. Of the organization, or of one owner.
        """

    def usage(self) -> Usage:
        """Counts and bytes."""

    def copy_out(self) -> Iterator[Record]:
        """Every document, those in the trash too, in the order of their ids."""

    def put_back(self, record: Record) -> None:
        """Keep a document just as it was copied out, in place of what has its id."""

    def owners(self) -> dict[uuid.UUID, int]:
        """Whose documents there are, those in the trash too, and how many of each."""

    def hand_over(self, owner_id: uuid.UUID, to: uuid.UUID, *, besides: Collection[uuid.UUID] = ()) -> int:
        """All of one owner's but these are another's, those in the trash too; how many. Nothing else changes,
        also not when they were changed last.
        """

    def erase(self) -> int:
        """Delete everything of the organization; how many documents there were."""


def must_be_in(organization_id: uuid.UUID) -> None:
    """NoTenant unless this is the organization we are in: a store is nobody else's."""
    if current_tenant().organization_id != organization_id:
        raise NoTenant("this store of documents was opened for another organization")


def now() -> datetime:
    """This moment, in milliseconds."""
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def clean_name(name: str) -> str:
    """The name in one line, or Invalid."""
    return clean_text(" ".join(name.split()), field="name", limit=LONGEST_NAME)


def clean_body(text: str) -> str:
    """The text of a version, or Invalid. It may be empty."""
    return clean_text(text, field="text", limit=LARGEST_TEXT, required=False)


def size_of(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode())


def within(limit: int) -> int:
    """How many cards one answer may have."""
    return max(1, min(limit, MOST))


def page_of(cards: list[Card], *, limit: int, order: Order, sizes: Mapping[uuid.UUID, int]) -> Page:
    """The page of up to `limit` + 1 cards in this order; `sizes` where a card's own does not count."""
    page, more = tuple(cards[:limit]), len(cards) > limit
    return Page(page, place_of(page[-1], order, sizes.get(page[-1].id)) if more else None)


def place_of(card: Card, order: Order, size: int | None = None) -> Place:
    """Where the next page begins after this card."""
    return Place(key_of(card, order, size), card.id)


def key_of(card: Card, order: Order, size: int | None = None) -> str | int | datetime:
    """What the card is ordered by; `size` instead of its own."""
    if order.by == "name":
        return sort_name(card.name)
    return card.changed_at if order.by == "changed" else card.size if size is None else size


def sort_name(name: str) -> str:
    """What names are ordered by: without accents and case."""
    return plain(name)[:LONGEST_NAME]


def not_here() -> NotFound:
    return NotFound(_("There is nothing here."))


def changed_meanwhile() -> StaleVersion:
    return StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))


def id_taken() -> Conflict:
    return Conflict(_("This document is already kept. Open it instead of adding it again."), code="exists")


def not_in_trash() -> Conflict:
    return Conflict(
        _("Only what is in the trash can be deleted for good. Put it there first."), code="not_in_trash"
    )
