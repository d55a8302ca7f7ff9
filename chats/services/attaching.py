"""Documents that come with a question. Who may read them is asked here, and again when it is answered."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from chats.models import Attachment, Draft, Message
from chats.permissions import WRITE
from documents.access import access_document
from documents.store import Card
from humana.kernel.errors import Invalid, NotFound
from tenants.models import Membership
from tenants.permissions import require
from tenants.transactions import tenant_atomic

#: Documents that one question may bring.
MOST_ATTACHED = 20


def documents_for(member: Membership, ids: Iterable[uuid.UUID]) -> list[Card]:
    """Their cards, each once, in the order given. NotFound for one that the member may not read; Invalid for
    too many. Outside a transaction: they may be in another database.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST_ATTACHED:
        message = _("At most %(limit)d documents.") % {"limit": MOST_ATTACHED}
        raise Invalid(message, field="document_ids", code="too_many")
    try:
        return [access_document(member=member, document_id=one) for one in wanted]
    except NotFound:
        message = _("An attached document is not there any more, or not for you. Remove it and send again.")
        raise NotFound(message) from None


def attach(question: Message, cards: Sequence[Card]) -> None:
    """In the transaction that saves the question."""
    Attachment.objects.bulk_create(
        Attachment(message=question, document_id=one.id, name=one.name) for one in cards
    )


def attach_again(question: Message, earlier: Message) -> None:
    """A question that is asked anew brings what the earlier one brought."""
    rows = Attachment.objects.filter(message_id=earlier.id).order_by("id")
    Attachment.objects.bulk_create(
        Attachment(message=question, document_id=one.document_id, name=one.name) for one in rows
    )


def save_attached(*, member: Membership, place_id: uuid.UUID, ids: Iterable[uuid.UUID]) -> None:
    """Keep with the draft what is attached and not sent yet."""
    require(member, WRITE.name)
    kept = [str(one.id) for one in documents_for(member, ids)]
    with tenant_atomic():
        if kept:
            Draft.objects.update_or_create(
                member_id=member.id, place_id=place_id, defaults={"document_ids": kept}
            )
        else:
            rows = Draft.objects.filter(member_id=member.id, place_id=place_id)
            rows.filter(text="").delete()
            rows.update(document_ids=None)
