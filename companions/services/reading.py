"""The passages of documents that one answer is given: of its chat's folder, and of what was attached.

Filtered inside the query that ranks: what the person who asks may read now, and of that only what the chat
brings to this companion, which lives where the documents do.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from companions.config_keys import DOCUMENT_CHARACTERS, DOCUMENT_PASSAGES, KNOWLEDGE_MEANING
from companions.references import Given
from documents.access import readable_sources
from documents.finding import Found, find
from documents.models import Chunk, Folder
from documents.permissions import READ
from documents.services.metered import Asker
from documents.store import Card, store_of
from tenants.config.resolver import Subject, resolve
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed


@dataclass(frozen=True, slots=True)
class Brought:
    """What a chat brings along: documents that were attached, the latest first, and its folder."""

    documents: tuple[uuid.UUID, ...] = ()
    folder: Folder | None = None

    def __bool__(self) -> bool:
        return bool(self.documents or self.folder)


NOTHING_BROUGHT = Brought()


def passages_of(
    brought: Brought, member: Membership, question: str, subject: Subject, asker: Asker
) -> tuple[Given, ...]:
    """Attached documents whole while there is room, the latest first; then what answers the question."""
    most, room = resolve(DOCUMENT_PASSAGES, subject), resolve(DOCUMENT_CHARACTERS, subject)
    if not brought or not most or not allowed(member, READ.name):
        return ()
    rows, cards = readable_rows(member, brought), _cards(brought.documents)
    whole = _fitting([cards[one] for one in brought.documents if one in cards], room)
    told = [_given(one.source_id, one.source_version, one, cards) for one in _all_of(rows, whole)]
    found = find(
        rows.exclude(source_id__in=whole),
        question,
        passages=most,
        characters=room - sum(len(one.text) for one in told),
        meaning=resolve(KNOWLEDGE_MEANING, subject),
        asker=asker,
    )
    cards |= _cards({one.source_id for one in found} - set(cards))
    return (
        *told,
        *(_given(one.source_id, one.version, one, cards) for one in found if one.source_id in cards),
    )


def readable_rows(member: Membership, brought: Brought) -> QuerySet[Chunk]:
    """Every passage that the member may read of what the chat brings."""
    may_read = readable_sources(member, documents=brought.documents, folder=brought.folder)
    return Chunk.objects.filter(may_read, source_kind=Chunk.Of.DOCUMENT)


def _cards(documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, Card]:
    ids = list(documents)
    return {one.id: one for one in store_of(current_tenant()).cards(ids)} if ids else {}


def _fitting(cards: Iterable[Card], room: int) -> list[uuid.UUID]:
    """Those whose whole text there is room for; one that is too long makes room for the next."""
    kept: list[uuid.UUID] = []
    for one in cards:
        if one.size <= room:
            kept.append(one.id)
            room -= one.size
    return kept


def _all_of(rows: QuerySet[Chunk], documents: Sequence[uuid.UUID]) -> list[Chunk]:
    """Their passages from the first to the last, one document after another."""
    if not documents:
        return []
    found = rows.filter(source_id__in=documents).order_by("ordinal")
    return sorted(found, key=lambda one: documents.index(one.source_id))


def _given(
    document_id: uuid.UUID, version: int, one: Chunk | Found, cards: Mapping[uuid.UUID, Card]
) -> Given:
    title = cards[document_id].name
    return Given(document_id, version, one.ordinal, title, one.place, one.text, kind=Chunk.Of.DOCUMENT.value)
