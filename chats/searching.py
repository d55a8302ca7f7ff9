"""Finding what was said: in the member's own chats, over every placement, accents and case ignored.

Where the organization has all of its text sealed there are no words to search: then the titles of the
latest chats are looked through, and whoever asked is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from chats.models import Chat, Message, MessageWords
from chats.queries import SEARCHED, recent_chats
from chats.snippets import Bit, snippet
from documents.words import asked, plain
from tenants.config.resolver import resolve
from tenants.config_keys import ENCRYPTION_LEVEL
from tenants.context import TenantContext
from tenants.models import Membership
from tenants.places import gather

#: Places where the words are that are looked at in each placement; the latest count.
MOST_READ = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `archived` None means both; times are of what was said, `until` not included."""

    text: str
    companion_id: uuid.UUID | None = None
    folder_id: uuid.UUID | None = None
    archived: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def words(self) -> list[str]:
        return asked(self.text)


@dataclass(frozen=True, slots=True)
class Hit:
    """One chat. `message` is the latest of those that say it, None where only its title does."""

    chat: Chat
    message: Message | None
    bits: list[Bit]
    at: datetime
    in_title: bool

    @property
    def order(self) -> tuple[bool, datetime, uuid.UUID]:
        return self.in_title, self.at, self.chat.id


@dataclass(frozen=True, slots=True)
class Search:
    """`titles_only` says that messages were not looked through; `silent` are placements without an answer."""

    hits: list[Hit] = field(default_factory=list)
    silent: list[TenantContext] = field(default_factory=list)
    titles_only: bool = False


def seals_text() -> bool:
    """Whether the organization we are in has all of its text sealed: then search may keep no words."""
    return resolve(ENCRYPTION_LEVEL) == "sealed"


def search(member: Membership, wanted: Wanted, *, most: int) -> Search:
    """At most so many chats, those first whose title says it, then the latest."""
    if not wanted.words:
        return Search(titles_only=seals_text())
    if seals_text():
        return _titles(member, wanted, most)
    gathered = gather(lambda: _hits(member, wanted, most))
    best = sorted(gathered.found, key=lambda one: one.order, reverse=True)
    return Search(best[:most], gathered.silent)


def saying(rows: QuerySet[Chat], member: Membership, text: str) -> QuerySet[Chat]:
    """Of these chats those that say all of it, in a message or in the title; for lists of programs."""
    said = Wanted(text).words
    if not said:
        return rows.none()
    if seals_text():
        latest = rows.order_by("-last_message_at", "-id")[:SEARCHED]
        return rows.filter(id__in=[one.id for one in latest if _names(one.title, said)])
    found = _saying(MessageWords.objects.filter(owner_id=member.user_id, chat_id=OuterRef("id")), said)
    return rows.filter(Exists(found))


def _saying(rows: QuerySet[MessageWords], said: Iterable[str]) -> QuerySet[MessageWords]:
    for word in said:
        rows = rows.filter(words__begins=word)
    return rows


def _hits(member: Membership, wanted: Wanted, most: int) -> list[Hit]:
    titles, messages = _places(member, wanted)
    ids = [*titles, *(one for one in messages if one not in titles)][:most]
    chats = {one.id: one for one in Chat.objects.filter(id__in=ids).select_related("companion")}
    said = Message.objects.in_bulk([messages[one] for one in ids if one in messages])
    return [
        _hit(chats[one], said.get(messages[one]) if one in messages else None, one in titles, wanted.words)
        for one in ids
        if one in chats
    ]


def _places(member: Membership, wanted: Wanted) -> tuple[list[uuid.UUID], dict[uuid.UUID, uuid.UUID]]:
    """Chats whose title says it; and chats with the latest of their messages that do, in that order."""
    rows = MessageWords.objects.filter(owner_id=member.user_id).filter(_narrowed(wanted))
    found = _saying(rows, wanted.words).order_by("-said_at", "-id").values_list("chat_id", "message_id")
    titles: dict[uuid.UUID, None] = {}
    messages: dict[uuid.UUID, uuid.UUID] = {}
    for chat_id, message_id in cast("Iterable[tuple[uuid.UUID, uuid.UUID | None]]", found[:MOST_READ]):
        if message_id is None:
            titles[chat_id] = None
        else:
            messages.setdefault(chat_id, message_id)
    return list(titles), messages


def _narrowed(wanted: Wanted) -> Q:
    asked_for = Q(chat__removed_at=None, chat__origin=Chat.Origin.APP)
    if wanted.companion_id is not None:
        asked_for &= Q(chat__companion_id=wanted.companion_id)
    if wanted.folder_id is not None:
        asked_for &= Q(chat__folder_id=wanted.folder_id)
    if wanted.archived is not None:
        asked_for &= Q(chat__archived=wanted.archived)
    if wanted.since is not None:
        asked_for &= Q(said_at__gte=wanted.since)
    if wanted.until is not None:
        asked_for &= Q(said_at__lt=wanted.until)
    return asked_for


def _hit(chat: Chat, message: Message | None, in_title: bool, said: list[str]) -> Hit:
    bits = snippet(message.text, said) if message is not None else []
    at = message.created_at if message is not None else chat.last_message_at
    return Hit(chat, message, bits, at, in_title)


def _titles(member: Membership, wanted: Wanted, most: int) -> Search:
    archived = [False, True] if wanted.archived is None else [wanted.archived]
    found, silent = [], []
    for one in archived:
        gathered = recent_chats(member, archived=one, stop=SEARCHED)
        found += [chat for chat in gathered.found if _fits(chat, wanted)]
        silent = gathered.silent
    hits = [Hit(one, None, [], one.last_message_at, in_title=True) for one in found]
    return Search(sorted(hits, key=lambda one: one.order, reverse=True)[:most], silent, titles_only=True)


def _fits(chat: Chat, wanted: Wanted) -> bool:
    return (
        _names(chat.title, wanted.words)
        and wanted.companion_id in (None, chat.companion_id)
        and wanted.folder_id in (None, chat.folder_id)
        and (wanted.since is None or chat.last_message_at >= wanted.since)
        and (wanted.until is None or chat.last_message_at < wanted.until)
    )


def _names(title: str, said: Iterable[str]) -> bool:
    words = f" {plain(title)}"
    return all(f" {one}" in words for one in said)
