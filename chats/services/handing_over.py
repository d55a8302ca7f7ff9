"""A conversation goes on with another companion and another person, with all that was said visible.

The giver keeps the conversation; the taker gets a chat of their own that begins with a copy of it. So
neither loses anything, and no row crosses from one companion's database to another's.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from chats.models import Chat, Message
from chats.permissions import WRITE
from chats.queries import ancestry
from companions.models import Companion, Handoff
from companions.refusals import reason_words
from companions.services import handoffs
from companions.services.handoffs import Conversation
from documents.models import Folder
from documents.store import Draft, store_of
from humana.kernel.errors import Conflict, Invalid, NotFound
from humana.kernel.models import new_id
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.places import within
from tenants.transactions import tenant_atomic

MOST_DOCUMENTS = 20


@dataclass(frozen=True, slots=True)
class _Document:
    id: uuid.UUID
    name: str
    media_type: str
    text: str


@dataclass(frozen=True, slots=True)
class _Told:
    """All that goes along: what was said, and the documents as they are now."""

    branch: Sequence[Message]
    documents: Sequence[_Document]
    instructions: str


def hand_over(
    *,
    member: Membership,
    chat: Chat,
    to_companion: Companion,
    to_member: Membership,
    note: str = "",
    document_ids: Sequence[uuid.UUID] = (),
) -> Handoff:
    """Offer one's own conversation, with documents of one's own, to a person and a companion."""
    require(member, WRITE.name)
    if not allowed(to_member, WRITE.name):
        message = _("This person may not write to companions, and so could not go on.")
        raise Invalid(message, field="to_member_id", code="may_not_receive")
    if len(document_ids) > MOST_DOCUMENTS:
        message = _("At most %(limit)d documents.") % {"limit": MOST_DOCUMENTS}
        raise Invalid(message, field="document_ids", code="too_many")
    with within("chat_id", chat.id):
        _documents(member.user_id, document_ids)
    return handoffs.offer_handoff(
        member=member,
        conversation=Conversation(chat.id, chat.companion, chat.title, tuple(document_ids)),
        to_companion=to_companion,
        to_member=to_member,
        note=note,
    )


def accept_handoff(*, member: Membership, handoff_id: uuid.UUID) -> Handoff:
    """Go on with it: a chat of one's own with the next companion. Conflict where that is not possible."""
    require(member, WRITE.name)
    return handoffs.accept_handoff(
        member=member, handoff_id=handoff_id, take_over=lambda row: _take_over(row, member)
    )


def _take_over(row: Handoff, member: Membership) -> uuid.UUID:
    told, new_chat_id = _read(row), uuid.uuid5(row.id, "chat")
    if row.to_companion_id is None:
        raise Conflict(reason_words("gone"), code="gone")
    with within("companion_id", row.to_companion_id), tenant_atomic():
        if not Chat.everything.filter(id=new_chat_id).exists():
            _write(row, told, member, new_chat_id, row.to_companion_id)
    return new_chat_id


def _read(row: Handoff) -> _Told:
    with within("chat_id", row.chat_id):
        chat = Chat.objects.select_related("folder").filter(id=row.chat_id).first()
        if chat is None:
            raise Conflict(_("The conversation was removed meanwhile."), code="conversation_removed")
        documents = _documents(row.from_user_id, [uuid.UUID(one) for one in row.document_ids])
        instructions = chat.folder.instructions if chat.folder else ""
        return _Told(ancestry(chat.id, chat.leaf_id), documents, instructions)


def _documents(owner_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> list[_Document]:
    """The giver's own, as they are now; somebody else's is missing in just the same way."""
    if not ids:
        return []
    store = store_of(current_tenant())
    found = []
    for one in dict.fromkeys(ids):
        card = store.card(one)
        if card.owner_id != owner_id or card.trashed_at is not None:
            raise NotFound(_("There is nothing here."))
        found.append(_Document(one, card.name, card.media_type, store.read(one).text))
    return found


def _write(
    row: Handoff, told: _Told, member: Membership, new_chat_id: uuid.UUID, companion_id: uuid.UUID
) -> None:
    folder = _folder(row, told, member) if told.documents or told.instructions else None
    chat = Chat.objects.create(
        id=new_chat_id,
        owner_id=member.user_id,
        companion_id=companion_id,
        folder=folder,
        title=row.title,
        title_by_person=True,
        last_message_at=timezone.now(),
    )
    chat.leaf_id = _copies(chat, row, told.branch)
    chat.save(update_fields=["leaf_id", "updated_at"])


def _copies(chat: Chat, row: Handoff, branch: Sequence[Message]) -> uuid.UUID | None:
    """What was said, by whom; an answer that never came to an end is as it was when it was handed over."""
    parent: Message | None = None
    for one in branch:
        state = Message.State.INTERRUPTED if one.state in Message.LIVE else one.state
        said_by = {"said_by": row.from_name, "handoff": str(row.id)}
        parent = Message.objects.create(
            id=new_id(),
            chat=chat,
            parent=parent,
            role=one.role,
            state=state,
            text=one.text,
            parts=[*one.parts, said_by],
            author_id=one.author_id,
        )
    return parent.id if parent else None


def _folder(row: Handoff, told: _Told, member: Membership) -> Folder:
    """A folder of the taker's own with copies of the documents, and what the giver's folder told."""
    name = (row.title or row.from_name)[:120]
    folder = Folder.objects.create(owner_id=member.user_id, name=name, instructions=told.instructions)
    store = store_of(current_tenant())
    for one in told.documents:
        draft = Draft(
            id=uuid.uuid5(row.id, str(one.id)),
            owner_id=member.user_id,
            author_id=row.from_user_id,
            name=one.name,
            text=one.text,
            folder_id=folder.id,
            media_type=one.media_type,
        )
        store.add(draft)
    return folder
