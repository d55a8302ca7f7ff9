"""Chats as things to keep: start, name, pin, archive, remove, choose a branch."""

from __future__ import annotations

import re
import uuid

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from chats.config_keys import MESSAGE_LIMIT
from chats.models import Chat, Message
from chats.permissions import WRITE
from chats.queries import latest_leaf
from chats.services.words import note_title
from chats.tuning import may_choose
from companions.choosing import may_be_given
from companions.models import Companion
from documents.models import Folder
from humana.kernel.errors import Conflict, Invalid, Misconfigured, NotFound, StaleVersion
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.config.resolver import resolve
from tenants.models import Membership
from tenants.permissions import require
from tenants.transactions import tenant_atomic

TITLE_LIMIT = 120
#: What Markdown writes around words; a title is plain.
_MARKS = re.compile(r"^\s{0,3}(?:#{1,6}|>|[-*+])\s+|\*\*|__|`+", re.MULTILINE)


def start_chat(
    *,
    member: Membership,
    companion: Companion,
    folder: Folder | None = None,
    origin: str = Chat.Origin.APP,
    title: str = "",
) -> Chat:
    """An empty chat with a companion that works, begun where the companion is stored."""
    require(member, WRITE.name)
    if companion.placement_id is not None:
        raise Misconfigured("a chat begins where its companion is stored: enter that placement first")
    if companion.state != Companion.State.ACTIVE:
        raise Conflict(_("This companion is paused at the moment."), code="companion_paused")
    with tenant_atomic():
        chat = Chat.objects.create(
            owner_id=member.user_id,
            companion=companion,
            folder=folder,
            origin=origin,
            title=title[:TITLE_LIMIT],
            last_message_at=timezone.now(),
        )
        if chat.title and origin == Chat.Origin.APP:
            note_title(chat, chat.title)
        _tell("chats.chat.started", chat, companion=companion.slug)
    return chat


def rename_chat(*, member: Membership, chat: Chat, title: str, version: int | None = None) -> Chat:
    """A title a person gave is never replaced by a made one."""
    title = clean_text(title, field="title", limit=TITLE_LIMIT).strip()
    with tenant_atomic():
        _change(chat, member, version, "chats.chat.renamed", title=title, title_by_person=True)
        note_title(chat, title)
    return chat


def pin_chat(*, member: Membership, chat: Chat, pinned: bool, version: int | None = None) -> Chat:
    _change(chat, member, version, "chats.chat.pinned" if pinned else "chats.chat.unpinned", pinned=pinned)
    return chat


def archive_chat(*, member: Membership, chat: Chat, archived: bool, version: int | None = None) -> Chat:
    action = "chats.chat.archived" if archived else "chats.chat.unarchived"
    _change(chat, member, version, action, archived=archived)
    return chat


def blank_chat(*, member: Membership, companion: Companion, folder: Folder | None = None) -> Chat:
    """The member's chat with this companion, in this folder, in which nothing was said yet, drafts and all;
    else a new one. Who looks in and leaves fills no list.
    """
    require(member, WRITE.name)
    unsaid = Chat.objects.filter(owner_id=member.user_id, companion=companion, folder=folder, leaf_id=None)
    plain = unsaid.filter(origin=Chat.Origin.APP, title_by_person=False, pinned=False, archived=False)
    chat = plain.order_by("-last_message_at").first()
    if chat is None or companion.state != Companion.State.ACTIVE:
        return start_chat(member=member, companion=companion, folder=folder)
    Chat.objects.filter(id=chat.id).update(last_message_at=timezone.now())
    return chat


def move_chat(*, member: Membership, chat: Chat, folder: Folder | None, version: int | None = None) -> Chat:
    """Put the chat into one of the member's folders, or out of all."""
    _change(chat, member, version, "chats.chat.moved", folder_id=folder.id if folder else None)
    return chat


def choose_model(*, member: Membership, chat: Chat, model: str, version: int | None = None) -> Chat:
    """The model that answers in this chat from the next question on; empty is the companion's own."""
    require(member, WRITE.name)
    model = clean_text(model, field="model", limit=120, required=False).strip()
    if model and not may_choose(chat.companion):
        raise Conflict(_("Here the model is chosen for everybody."), code="model_is_set")
    if model and not may_be_given(model, chat.companion.team_id):
        raise Invalid(_("This model does not answer here. Choose one of the list."), field="model")
    _change(chat, member, version, "chats.chat.model_chosen", model=model)
    return chat


def remove_chat(*, member: Membership, chat: Chat) -> None:
    """Hide the chat; it can be restored until it is purged."""
    require(member, WRITE.name)
    with tenant_atomic():
        Chat.objects.filter(id=chat.id).remove(by=member.user_id)  # type: ignore[attr-defined]
        _tell("chats.chat.removed", chat)


def restore_chat(*, member: Membership, chat_id: uuid.UUID) -> Chat:
    """Bring back one's own removed chat."""
    require(member, WRITE.name)
    with tenant_atomic():
        chat = Chat.everything.select_related("companion").filter(id=chat_id, owner_id=member.user_id).first()
        if chat is None:
            raise NotFound(_("There is nothing here."))
        if chat.removed_at is not None:
            Chat.everything.filter(id=chat.id).update(removed_at=None, removed_by=None)
            chat.removed_at = chat.removed_by = None
            _tell("chats.chat.restored", chat)
    return chat


def choose_branch(*, member: Membership, message: Message) -> Chat:
    """Show the branch that goes through this message, to its newest end."""
    require(member, WRITE.name)
    with tenant_atomic():
        leaf_id = latest_leaf(message)
        Chat.objects.filter(id=message.chat_id).update(leaf_id=leaf_id, version=F("version") + 1)
    chat: Chat = message.chat
    chat.leaf_id = leaf_id
    return chat


def plain(text: str) -> str:
    """In one line, without what Markdown writes around words."""
    return " ".join(_MARKS.sub("", text).split())


def title_from(text: str) -> str:
    """The first words of a text, for a chat nobody has named."""
    first = plain(text)
    return first if len(first) <= 60 else first[:57].rsplit(" ", 1)[0] + "…"


def _change(chat: Chat, member: Membership, version: int | None, action: str, **fields: object) -> None:
    require(member, WRITE.name)
    with tenant_atomic():
        rows = Chat.objects.filter(id=chat.id)
        if version is not None:
            rows = rows.filter(version=version)
        if not rows.update(**fields, version=F("version") + 1, updated_at=timezone.now()):
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        _tell(action, chat)
    chat.refresh_from_db()


def _tell(action: str, chat: Chat, **payload: object) -> None:
    record_trail(action=action, resource_type="chat", resource_id=chat.id, payload=payload)


def message_limit() -> int:
    """Characters of one message, in the organization we are in."""
    return resolve(MESSAGE_LIMIT)
