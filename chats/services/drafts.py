"""Unsent text, kept as it is typed; not worth a line in the trail."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from chats.attached import readable_cards
from chats.models import Draft
from chats.permissions import WRITE
from chats.services.attaching import MOST_ATTACHED, save_attached
from chats.services.conversations import message_limit
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.permissions import require
from tenants.transactions import tenant_atomic


def save_draft(*, member: Membership, place_id: uuid.UUID, text: str) -> None:
    """Keep the text for a chat (or, before there is one, a companion); empty text forgets it."""
    require(member, WRITE.name)
    text = clean_text(text, field="text", limit=message_limit(), required=False)
    with tenant_atomic():
        if text.strip():
            Draft.objects.update_or_create(member_id=member.id, place_id=place_id, defaults={"text": text})
        else:
            forget_text(Draft.objects.filter(member_id=member.id, place_id=place_id))


def keep_unsent(
    *, member: Membership, place_id: uuid.UUID, text: str, document_ids: Iterable[uuid.UUID]
) -> None:
    """What could not be sent, with what is attached to it; of that only what the member may read."""
    save_draft(member=member, place_id=place_id, text=text)
    readable = readable_cards(member, document_ids)
    save_attached(member=member, place_id=place_id, ids=list(readable)[:MOST_ATTACHED])


def forget_text(rows: QuerySet[Draft]) -> None:
    """What is attached to a draft stays while there is something."""
    rows.filter(document_ids__isnull=True).delete()
    rows.update(text="")
