"""Documents as pages show them: a list with the state of each, and one by its passages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from documents.access import given_to, readable_cards
from documents.extraction.media import SHOWN
from documents.locating import is_seen, shown_place, written
from documents.models import Chunk, DocumentFile, Folder, Share
from documents.services.files import states_of
from documents.sharing import given_away
from documents.store import Card, Order, Page, Place, store_of, stored_elsewhere
from humana.rendering.markdown import render
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import gather

#: Documents on one page, passages on a viewer's, characters that are rendered as Markdown.
PER_PAGE, MOST_PASSAGES, MOST_RENDERED = 30, 3_000, 400_000
#: What stands between the cells of a row.
BETWEEN = " | "
_SORTS = {one.value: one for one in Order}


@dataclass(frozen=True, slots=True)
class Row:
    """A document with what became of its file (None where it was written here), and who was given it."""

    card: Card
    file: DocumentFile | None = None
    shared: bool = False
    mine: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of documents. `next` is the query of the page after it, empty on the last."""

    rows: list[Row]
    sort: str = Order.NAME.value
    next: str = ""
    later: bool = False
    silent: bool = False

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
    """Those in a folder that the member may read."""

    def read(order: Order, after: Place | None) -> Page:
        return store_of(current_tenant()).list_folder(
            owner_id=folder.owner_id, folder_id=folder.id, order=order, limit=PER_PAGE, after=after
        )

    return _listing(member, read, asked)


def documents_of(member: Membership, asked: Mapping[str, str]) -> Listing:
    """All of the member's own, the latest change first; of several placements the first ones of each."""

    def read(order: Order, after: Place | None) -> Page:
        return store_of(current_tenant()).list_owned(owner_id=member.user_id, limit=PER_PAGE, after=after)

    if not current_tenant().mixed or stored_elsewhere(current_tenant().organization_id):
        return _listing(member, read, {**asked, "sort": Order.CHANGED.value})
    gathered = gather(lambda: [_listing(member, read, {"sort": Order.CHANGED.value})])
    rows = [row for one in gathered.found for row in one.rows]
    latest = sorted(rows, key=lambda one: (one.card.changed_at, one.card.id), reverse=True)
    return Listing(latest, Order.CHANGED.value, silent=bool(gathered.silent))


def documents_named(member: Membership, question: str) -> list[Row]:
    """Of the member's own and of what they were given: those in which every word occurs."""

    def read() -> list[Row]:
        return rows_of(member, _found(member, question))

    rows = read() if stored_elsewhere(current_tenant().organization_id) else gather(read).found
    latest = sorted(rows, key=lambda one: (one.card.changed_at, one.card.id), reverse=True)
    return list({one.card.id: one for one in latest}.values())


def rows_of(member: Membership, cards: Iterable[Card]) -> list[Row]:
    cards = list(cards)
    ids = [one.id for one in cards]
    files, away = states_of(ids), given_away(ids)
    return [Row(one, files.get(one.id), one.id in away, one.owner_id == member.user_id) for one in cards]


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
    if not place.startswith(("sheet:", "row:")) or BETWEEN not in text:
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


def _listing(
    member: Membership, read: Callable[[Order, Place | None], Page], asked: Mapping[str, str]
) -> Listing:
    order = _SORTS.get(asked.get("sort", ""), Order.NAME)
    after = _place(asked.get("after", ""), order)
    page = read(order, after)
    following = ""
    if page.next is not None:
        key = page.next.key.isoformat() if isinstance(page.next.key, datetime) else page.next.key
        following = urlencode({"sort": order.value, "after": f"{page.next.id}~{key}"})
    return Listing(rows_of(member, page.cards), order.value, following, after is not None)


_PLACE = re.compile(r"^([0-9a-f-]{36})~(.{0,400})\Z", re.DOTALL)


def _place(text: str, order: Order) -> Place | None:
    """Where a page begins; the beginning for what is no place."""
    found = _PLACE.match(text)
    if found is None or "\x00" in text:
        return None
    try:
        key: Any = found[2] if order is Order.NAME else parse_datetime(found[2])
        return Place(key, uuid.UUID(found[1])) if key is not None else None
    except ValueError:
        return None
