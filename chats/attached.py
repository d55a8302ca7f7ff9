"""What is attached, as it is now: its name, whether it can be read already, whether it may be read still."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats.models import Attachment, Chat, Draft
from documents import access
from documents.access import readable_documents
from documents.models import DocumentFile
from documents.permissions import READ
from documents.services.files import states_of
from documents.store import Card, Order, store_of, stored_elsewhere
from documents.words import plain
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed

#: States of a file whose text is not there yet.
UNREAD = frozenset({"received", "extracting", "indexing"})
#: Documents offered to choose from.
MOST_OFFERED = 20

LEFT_OUT: dict[str, Promise] = {
    "late": _("was still being read, and is not in this answer."),
    "failed": _("could not be read, and is not in this answer."),
}


@dataclass(frozen=True, slots=True)
class Attached:
    """`there` is whether the member may read it now; else neither name nor state is told."""

    id: uuid.UUID
    name: str
    there: bool
    state: str = "ready"
    progress: int = 100

    @property
    def is_waiting(self) -> bool:
        return self.there and self.state in UNREAD

    @property
    def words(self) -> Promise | str:
        """What a person reads of its state; empty where it is ready."""
        if not self.there:
            return _("Removed, or no longer shared with you")
        return (
            _("Could not be read") if self.state == "failed" else _("Being read…") if self.is_waiting else ""
        )


def attached_to(member: Membership, message_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Attached]]:
    """Of each question what it brought, in two queries and those of what is attached at all."""
    rows = list(Attachment.objects.filter(message_id__in=list(message_ids)).order_by("id"))
    shown = {one.id: one for one in shown_documents(member, [row.document_id for row in rows])}
    found: dict[uuid.UUID, list[Attached]] = defaultdict(list)
    for row in rows:
        found[row.message_id].append(shown[row.document_id])
    return found


def shown_documents(member: Membership, ids: Iterable[uuid.UUID]) -> list[Attached]:
    """Each once, in the order given."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    cards, files = readable_cards(member, wanted), states_of(wanted)
    return [_shown(one, cards.get(one), files.get(one)) for one in wanted]


def readable_cards(member: Membership, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Card]:
    """Those of the documents that the member may read now."""
    wanted = list(dict.fromkeys(ids))
    if not wanted or not allowed(member, READ.name):
        return {}
    found = access.readable_cards(member, store_of(current_tenant()).cards(wanted))
    return {one.id: one for one in found}


def drafted(member: Membership, place_id: uuid.UUID) -> list[Attached]:
    """What is attached to the member's draft, without what is not there any more."""
    draft = Draft.objects.filter(member_id=member.id, place_id=place_id).first()
    ids = draft.document_ids or () if draft else ()
    kept = shown_documents(member, map(uuid.UUID, ids))
    return [one for one in kept if one.there]


def _shown(document_id: uuid.UUID, card: Card | None, file: DocumentFile | None) -> Attached:
    if card is None:
        return Attached(document_id, "", there=False)
    if file is None:
        return Attached(document_id, card.name, there=True)
    return Attached(document_id, card.name, True, file.state, file.progress)


def offered_documents(member: Membership, query: str) -> list[Card]:
    """Documents here that the member may read, the latest change first; by name those with every word."""
    if not allowed(member, READ.name):
        return []
    store, organization_id = store_of(current_tenant()), current_tenant().organization_id
    if stored_elsewhere(organization_id):
        page = store.list_folder(
            owner_id=member.user_id, folder_id=None, order=Order.CHANGED, limit=MOST_OFFERED
        )
        return list(store.search(query, owner_id=member.user_id, limit=MOST_OFFERED) if query else page.cards)
    rows = readable_documents(member)
    for word in plain(query).split():
        rows = rows.filter(sort_name__contains=word)
    ids = list(rows.order_by("-updated_at", "-id").values_list("id", flat=True)[:MOST_OFFERED])
    return sorted(store.cards(ids), key=lambda one: ids.index(one.id))


def named_ids(texts: Iterable[str]) -> list[uuid.UUID]:
    """The ids that a form names; what is no id names nothing."""
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def own_attached(member: Membership, chat: Chat) -> list[Card]:
    """The member's own documents that came with the questions of a conversation."""
    rows = Attachment.objects.filter(message__chat_id=chat.id).order_by("id")
    cards = readable_cards(member, rows.values_list("document_id", flat=True))
    return [one for one in cards.values() if one.owner_id == member.user_id]
