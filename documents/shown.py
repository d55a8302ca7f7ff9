"""Documents as pages show them: a list with the state of each, and one by its passages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from documents.access import OWNER, given_to, readable_cards, rights_among
from documents.extraction.media import SHOWN
from documents.listing import KINDS, Wanted, slice_of, with_files
from documents.locating import is_seen, shown_place, written
from documents.models import Chunk, DocumentFile, Folder, Share
from documents.permissions import SHARE, WRITE
from documents.sharing import given_away
from documents.store import Card, Order, store_of, stored_elsewhere
from humana.api.pagination import read_cursor, write_cursor
from humana.kernel.errors import Invalid
from humana.rendering.markdown import render
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.places import gather

#: Documents on one page, passages on a viewer's, characters that are rendered as Markdown.
PER_PAGE, MOST_PASSAGES, MOST_RENDERED = 30, 3_000, 400_000
#: What stands between the cells of a row.
BETWEEN = " | "
_SORTS = {one.value: one for one in Order}


@dataclass(frozen=True, slots=True)
class Row:
    """A document with what became of its file (None where it was written here), who was given it, and what
    the reader may do with it.
    """

    card: Card
    file: DocumentFile | None = None
    shared: bool = False
    right: str = OWNER

    @property
    def mine(self) -> bool:
        return self.right == OWNER

    @property
    def traits(self) -> str:
        """What its menu goes by: its right, and `file` where there is an original."""
        return f"{self.right} file" if self.file else self.right


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of documents. `next` is the query of the page after it, empty on the last."""

    rows: list[Row]
    sort: str = Order.NAME.value
    state: str = ""
    kind: str = ""
    next: str = ""
    later: bool = False
    silent: bool = False

    @property
    def query(self) -> str:
        """The same list from its beginning."""
        told = {"sort": self.sort, "state": self.state, "kind": self.kind}
        return urlencode({name: one for name, one in told.items() if one})

    @property
    def sorts(self) -> list[tuple[str, str]]:
        """The orders to choose from, in words."""
        return [
            (Order.CHANGED.value, _("Latest first")),
            (Order.CHANGED_TURNED.value, _("Oldest first")),
            (Order.NAME.value, _("By name")),
            (Order.NAME_TURNED.value, _("By name, backwards")),
            (Order.SIZE.value, _("Largest first")),
            (Order.SIZE_TURNED.value, _("Smallest first")),
        ]

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(one.value, str(one.label)) for one in DocumentFile.State]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        words = {
            "pdf": "PDF", "document": _("Text documents"), "table": _("Tables"), "slides": _("Slides"),
            "image": _("Images"), "text": _("Plain texts"), "note": _("Notes written here"),
        }  # fmt: skip
        return list(words.items())

    @property
    def by_size(self) -> bool:
        return self.sort.endswith(Order.SIZE.value)

    @property
    def filtered(self) -> bool:
        return bool(self.state or self.kind)

    @property
    def under_way(self) -> bool:
        """Whether a worker is at one of them: the page looks again."""
        return any(one.file is not None and one.file.under_way for one in self.rows)


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage with its place in the reader's words; `rows` are the cells of a sheet, `seen` says that it
    was read from a picture."""

    ordinal: int
    place: str
    text: str
    html: SafeString | None = None
    rows: tuple[tuple[str, ...], ...] = ()
    seen: bool = False

    @property
    def number(self) -> int:
        """As people count."""
        return self.ordinal + 1


def documents_in(member: Membership, folder: Folder, asked: Mapping[str, str]) -> Listing:
    """Those in a folder that the member may read, by name where nothing else is asked."""
    return _listing(member, asked, folder, Order.NAME)


def documents_of(member: Membership, asked: Mapping[str, str]) -> Listing:
    """All of the member's own, of all placements as one list; the latest change first where nothing else is
    asked.
    """
    return _listing(member, asked, None, Order.CHANGED)


def menu_for(member: Membership) -> dict[str, bool]:
    """What a role may do with documents at all; with which of them, each row says."""
    return {"write": allowed(member, WRITE.name), "share": allowed(member, SHARE.name)}


def documents_named(member: Membership, question: str) -> list[Row]:
    """Of the member's own and of what they were given: those in which every word occurs."""

    def read() -> list[Row]:
        return rows_of(member, _found(member, question))

    rows = read() if stored_elsewhere(current_tenant().organization_id) else gather(read).found
    latest = sorted(rows, key=lambda one: (one.card.changed_at, one.card.id), reverse=True)
    return list({one.card.id: one for one in latest}.values())


def rows_of(member: Membership, cards: Iterable[Card]) -> list[Row]:
    found = with_files(list(cards))
    return _shown(member, found, given_away([card.id for card, _file in found]))


def passages_of(card: Card) -> list[Passage]:
    """In the order of the text; none while it is not indexed."""
    rows = Chunk.objects.filter(source_kind=Chunk.Of.DOCUMENT, source_id=card.id).order_by("ordinal")
    room, found = MOST_RENDERED, []
    for ordinal, place, text in rows.values_list("ordinal", "place", "text")[:MOST_PASSAGES]:
        room -= len(text)
        marked = card.media_type == "text/markdown" and room > 0
        known = card.media_type in SHOWN or _says(text, place)
        told = "" if known else shown_place(written(place))
        html, cells = render(text) if marked else None, _cells(place, text)
        found.append(Passage(ordinal, told, text, html, cells, is_seen(place)))
    return found


def _says(text: str, place: str) -> bool:
    """Whether it begins with the heading that it is found under, so that nobody reads that twice."""
    return text.lstrip().partition("\n")[0].lstrip("# ").strip() == place


def whole_text(card: Card, text: str) -> SafeString | None:
    """A text that is not cut into passages, where it is Markdown; None where it is shown as written."""
    return render(text) if card.media_type == "text/markdown" and len(text) <= MOST_RENDERED else None


def _cells(place: str, text: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a table under their head, as `documents.extraction` writes them; nothing for other text."""
    if not place.startswith(("sheet:", "row:")) or BETWEEN not in text or is_seen(place):
        return ()
    return tuple(tuple(one.split(BETWEEN)) for one in text.split("\n"))


def _found(member: Membership, question: str) -> list[Card]:
    store, given = store_of(current_tenant()), given_to(member)
    owners = {member.user_id} | _givers(given.folders, given.documents)
    cards = [card for owner_id in owners for card in store.search(question, owner_id=owner_id, limit=100)]
    return readable_cards(member, cards)


def _givers(folders: Iterable[uuid.UUID], documents: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Whose things the member was given."""
    owners = set(Folder.objects.filter(id__in=list(folders)).order_by().values_list("owner_id", flat=True))
    by = Share.objects.filter(document_id__in=list(documents)).order_by()
    return owners | set(by.values_list("given_by", flat=True))


def _listing(member: Membership, asked: Mapping[str, str], folder: Folder | None, usual: Order) -> Listing:
    """What makes no sense as an order, a filter or a place is as if it had not been asked."""
    order = _SORTS.get(asked.get("sort", ""), usual)
    state = asked.get("state") if asked.get("state") in DocumentFile.State.values else None
    kind = asked.get("kind") if asked.get("kind") in (*KINDS, "note") else None
    wanted = Wanted(owner_id=member.user_id, folder=folder, state=state, kind=kind, order=order)
    of = f"documents:{folder.id if folder else ''}"
    try:
        place = read_cursor(asked["after"], of) if asked.get("after") else None
        found = slice_of(wanted, place, PER_PAGE)
    except Invalid:
        place, found = None, slice_of(wanted, None, PER_PAGE)
    listing = Listing([], order.value, state or "", kind or "", later=place is not None)
    following = f"{listing.query}&{urlencode({'after': write_cursor(found.next, of)})}" if found.next else ""
    rows = _shown(member, found.rows, _given_away([card.id for card, _file in found.rows], folder))
    return replace(listing, rows=rows, next=following, silent=bool(found.silent))


def _given_away(ids: list[uuid.UUID], folder: Folder | None) -> set[uuid.UUID]:
    """Shares lie beside what is shared: where the folder is, else in any placement."""
    return set(given_away(ids) if folder else gather(lambda: list(given_away(ids))).found)


def _shown(
    member: Membership, found: Iterable[tuple[Card, DocumentFile | None]], away: set[uuid.UUID]
) -> list[Row]:
    found = list(found)
    rights = rights_among(member, [card for card, _file in found])
    return [Row(card, file, card.id in away, rights[card.id]) for card, file in found]
