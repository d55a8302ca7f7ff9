"""What answers cite, as a member may see it now: of what was removed or is not theirs, only the number.

Whether it may be read is asked at the time of use: of knowledge where the organization is, of documents
where the chat is.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from chats.attached import readable_cards
from chats.models import Citation
from companions.knowledge import assets_for
from companions.permissions import READ
from documents.locating import shown_place
from documents.models import Chunk
from humana.rendering.citations import Cite
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.places import at_main

DOCUMENT = Chunk.Of.DOCUMENT.value


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that an answer cites. Where it is not `there`, nothing but its number and kind is told."""

    number: int
    kind: str
    there: bool
    id: uuid.UUID
    version: int = 0
    ordinal: int = 0
    title: str = ""
    place: str = ""
    quote: str = ""

    @property
    def shown_place(self) -> str:
        """In the reader's language: a page, a slide, a heading."""
        return shown_place(self.place) if self.place else ""

    @property
    def label(self) -> str:
        return label_of(self.number, self.title, self.place) if self.there else lost_label(self.number)

    @property
    def is_document(self) -> bool:
        return self.kind == DOCUMENT


def label_of(number: int, title: str, place: str) -> str:
    """What a screen reader says of a number in an answer."""
    told = {"number": number, "title": title, "place": shown_place(place) if place else ""}
    if not title:
        return _("Source %(number)d") % told
    if not place:
        return _("Source %(number)d: %(title)s") % told
    return _("Source %(number)d: %(title)s, %(place)s") % told


def lost_label(number: int) -> str:
    return _("Source %(number)d: no longer available to you") % {"number": number}


def cites_of(slug: str, message_id: uuid.UUID, given: Iterable[tuple[int, str, str]]) -> Mapping[int, Cite]:
    """The links of an answer's numbers, each with its title and place."""
    page = reverse("sources", kwargs={"slug": slug, "message_id": message_id})
    return {
        number: Cite(f"{page}#source-{number}", label_of(number, title, place))
        for number, title, place in given
    }


def cites_to(message_id: uuid.UUID, sources: Sequence[Source]) -> Mapping[int, Cite]:
    """The same of sources as they are now."""
    page = reverse("sources", kwargs={"slug": current_tenant().slug, "message_id": message_id})
    return {one.number: Cite(f"{page}#source-{one.number}", one.label) for one in sources}


def sources_of(member: Membership, message_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Source]]:
    """Of each answer, by number: one query, and one for each kind of source that there is."""
    rows = list(Citation.objects.filter(message_id__in=list(message_ids)).order_by("number"))
    there = _readable(member, rows)
    found: dict[uuid.UUID, list[Source]] = defaultdict(list)
    for row in rows:
        found[row.message_id].append(_shown(row, row.source_id in there))
    return found


def _readable(member: Membership, rows: Sequence[Citation]) -> set[uuid.UUID]:
    documents = {one.source_id for one in rows if one.source_kind == DOCUMENT}
    assets = {one.source_id for one in rows} - documents
    there: set[uuid.UUID] = set(readable_cards(member, documents))
    if assets and allowed(member, READ.name):
        with at_main():
            there |= set(assets_for(member).filter(id__in=assets).values_list("id", flat=True))
    return there


def _shown(row: Citation, there: bool) -> Source:
    if not there:
        return Source(row.number, row.source_kind, False, row.source_id)
    return Source(
        row.number,
        row.source_kind,
        True,
        row.source_id,
        row.version,
        row.ordinal,
        row.title,
        row.place,
        row.quote,
    )


def footnotes_of(member: Membership, message_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The same as lines of text, for whoever takes a conversation along: `[1] Title, place`."""
    return {key: [_footnote(one) for one in found] for key, found in sources_of(member, message_ids).items()}


def _footnote(one: Source) -> str:
    named = ", ".join(filter(None, (one.title, one.shown_place))) if one.there else _("no longer available")
    return f"[{one.number}] {named}"
