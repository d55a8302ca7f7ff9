"""A conversation goes on with another companion and another person, with all that was said visible.

The giver keeps the conversation; the taker gets a chat of their own that begins with a copy of it. So
neither loses anything, and no row crosses from one companion's database to another's.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from chats.keeping import without_kept
from chats.models import Attachment, Chat, Citation, Message
from chats.permissions import WRITE
from chats.queries import ancestry
from chats.services.citing import handed_over
from chats.services.projects import project_of
from chats.services.words import note_said, note_title
from companions.models import Companion, Handoff
from companions.refusals import reason_words
from companions.services import handoffs
from companions.services.handoffs import Conversation
from documents.models import DocumentFile, Folder
from documents.services.copying import copy_document
from documents.services.files import states_of
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
    file: DocumentFile | None


@dataclass(frozen=True, slots=True)
class _Told:
    """All that goes along: what was said, with what it brought and cites, and the documents of now."""

    branch: Sequence[Message]
    documents: Sequence[_Document]
    instructions: str
    attached: Sequence[Attachment] = ()
    cited: Sequence[Citation] = ()

    def moved(self, row: Handoff) -> dict[uuid.UUID, uuid.UUID]:
        """The documents that go along, and as which."""
        return {one.id: _copy_id(row, one.id) for one in self.documents}


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
        chat = Chat.objects.filter(id=row.chat_id).first()
        if chat is None:
            raise Conflict(_("The conversation was removed meanwhile."), code="conversation_removed")
        documents = _documents(row.from_user_id, [uuid.UUID(one) for one in row.document_ids])
        branch = ancestry(chat.id, chat.leaf_id)
        ids = [one.id for one in branch]
        attached = list(Attachment.objects.filter(message_id__in=ids).order_by("id"))
        cited = list(Citation.objects.filter(message_id__in=ids))
        return _Told(branch, documents, _instructions(chat), attached, cited)


def _copy_id(row: Handoff, document_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(row.id, str(document_id))


def _instructions(chat: Chat) -> str:
    """What the giver's folder tells, as long as the giver may read it."""
    here = current_tenant().organization_id
    giver = Membership.objects.filter(organization_id=here, user_id=chat.owner_id).first()
    folder = project_of(chat, giver) if giver else None
    return folder.instructions if folder else ""


def _documents(owner_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> list[_Document]:
    """The giver's own, as they are now; somebody else's is missing in just the same way."""
    if not ids:
        return []
    store, files = store_of(current_tenant()), states_of(ids)
    found = []
    for one in dict.fromkeys(ids):
        card = store.card(one)
        if card.owner_id != owner_id or card.trashed_at is not None:
            raise NotFound(_("There is nothing here."))
        found.append(_Document(one, card.name, card.media_type, store.read(one).text, files.get(one)))
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
    if row.title:
        note_title(chat, row.title)
    copies = _copies(chat, row, told.branch)
    _with_them(row, told, {one.id: copy for one, copy in zip(told.branch, copies, strict=True)})
    chat.leaf_id = copies[-1].id if copies else None
    chat.save(update_fields=["leaf_id", "updated_at"])


def _with_them(row: Handoff, told: _Told, copies: Mapping[uuid.UUID, Message]) -> None:
    moved = told.moved(row)
    for brought in told.attached:
        document_id = moved.get(brought.document_id, brought.document_id)
        Attachment.objects.create(
            message=copies[brought.message_id], document_id=document_id, name=brought.name
        )
    Citation.objects.bulk_create(handed_over(one, copies[one.message_id], moved) for one in told.cited)


def _copies(chat: Chat, row: Handoff, branch: Sequence[Message]) -> list[Message]:
    """What was said, by whom; an answer that never came to an end is as it was when it was handed over."""
    copies: list[Message] = []
    for one in branch:
        state = Message.State.INTERRUPTED if one.state in Message.LIVE else one.state
        said_by = {"said_by": row.from_name, "handoff": str(row.id)}
        copy = Message.objects.create(
            id=new_id(),
            chat=chat,
            parent=copies[-1] if copies else None,
            role=one.role,
            state=state,
            text=one.text,
            parts=[*without_kept(one.parts), said_by],
            author_id=one.author_id,
        )
        if copy.text:
            note_said(copy, chat.owner_id)
        copies.append(copy)
    return copies


def _folder(row: Handoff, told: _Told, member: Membership) -> Folder:
    """A folder of the taker's own with copies of the documents, and what the giver's folder told."""
    name = (row.title or row.from_name)[:120]
    folder = Folder.objects.create(owner_id=member.user_id, name=name, instructions=told.instructions)
    for one in told.documents:
        draft = Draft(
            id=_copy_id(row, one.id),
            owner_id=member.user_id,
            author_id=row.from_user_id,
            name=one.name,
            text=one.text,
            folder_id=folder.id,
            media_type=one.media_type,
        )
        copy_document(draft, one.file)
    return folder
