"""What search reads, written in the transaction of what was said. Nothing where text is sealed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from chats.models import Chat, Message, MessageWords
from chats.searching import seals_text
from documents.words import searched
from tenants.statements import Statement, insert, send
from tenants.transactions import tenant_atomic

#: Messages in one transaction, and transactions in one task, while old ones are caught up with.
BATCH, BATCHES = 200, 20


def note_title(chat: Chat, title: str) -> None:
    """The title as it is now. The chat's row is held by whoever changed it."""
    if seals_text():
        return
    kept = MessageWords.objects.filter(chat_id=chat.id, message=None)
    if not kept.update(words=searched(title)):
        _title_of(chat, title).save(force_insert=True)


def note_said(message: Message, owner_id: uuid.UUID) -> None:
    """A message that is written and will not change."""
    if not seals_text():
        send(insert(_words_of(message.id, message.chat_id, owner_id, message.created_at, message.text)))


def of_answer(
    message_id: uuid.UUID, chat_id: uuid.UUID, owner_id: uuid.UUID, said_at: datetime, text: str
) -> tuple[Statement, ...]:
    """The same for an answer at its end, to be sent along with what ends it; empty where it says nothing."""
    if not text.strip() or seals_text():
        return ()
    return (insert(_words_of(message_id, chat_id, owner_id, said_at, text), once=True),)


def catch_up() -> bool:
    """Messages and titles that search does not know yet, a task's worth of them; whether there are more.

    What is done is known by its being there, so it can be cut off anywhere. Where text is sealed by now,
    what search knew goes.
    """
    if seals_text():
        return _forget()
    return any([_some(_unknown_messages(), _of_messages), _some(_unknown_titles(), _of_titles)])


def _some(unknown: QuerySet[Any], made: Callable[[list[Any]], list[MessageWords]]) -> bool:
    after = uuid.UUID(int=0)
    for _batch in range(BATCHES):
        rows = list(unknown.filter(id__gt=after).order_by("id")[:BATCH])
        if not rows:
            return False
        with tenant_atomic():
            MessageWords.objects.bulk_create(made(rows), ignore_conflicts=True)
        after = rows[-1].id
    return True


def _unknown_messages() -> QuerySet[Message]:
    known = MessageWords.objects.filter(message_id=OuterRef("id"))
    rows = Message.objects.filter(~Exists(known), chat__origin=Chat.Origin.APP, chat__removed_at=None)
    return rows.exclude(text="").exclude(state__in=Message.LIVE).select_related("chat")


def _unknown_titles() -> QuerySet[Chat]:
    known = MessageWords.objects.filter(chat_id=OuterRef("id"), message=None)
    return Chat.objects.filter(~Exists(known), origin=Chat.Origin.APP).exclude(title="")


def _of_messages(rows: Iterable[Message]) -> list[MessageWords]:
    return [_words_of(one.id, one.chat_id, one.chat.owner_id, one.created_at, one.text) for one in rows]


def _of_titles(rows: Iterable[Chat]) -> list[MessageWords]:
    return [_title_of(one, one.title) for one in rows]


def _forget() -> bool:
    rows = list(MessageWords.objects.values_list("id", flat=True)[: BATCH * BATCHES])
    with tenant_atomic():
        MessageWords.objects.filter(id__in=rows).delete()
    return len(rows) == BATCH * BATCHES


def _title_of(chat: Chat, title: str) -> MessageWords:
    words = searched(title)
    return MessageWords(chat_id=chat.id, owner_id=chat.owner_id, said_at=chat.created_at, words=words)


def _words_of(
    message_id: uuid.UUID, chat_id: uuid.UUID, owner_id: uuid.UUID, said_at: datetime, text: str
) -> MessageWords:
    return MessageWords(
        message_id=message_id, chat_id=chat_id, owner_id=owner_id, said_at=said_at, words=searched(text)
    )
