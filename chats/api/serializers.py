"""Chats, messages, runs and votes, as the API tells and takes them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework.serializers import ListField

from chats.api.sources import Beside
from chats.doors.sentences import notice_of
from chats.models import Chat, Message, Run
from chats.services.attaching import MOST_ATTACHED
from chats.services.conversations import TITLE_LIMIT
from chats.source_shapes import AttachmentShape, CitationShape
from chats.steps import steps_of, told_step
from humana.api.inputs import IdOf, Input, Text, YesNo
from humana.api.shapes import NameRef, Shape


class CompanionRef(Shape, frozen=True):
    """The companion of a chat."""

    id: uuid.UUID
    slug: str
    name: str


class ChatShape(Shape, frozen=True):
    """A conversation of the caller with a companion. `leaf_id` is the message at its current end.

    `model` is what was chosen to answer in it, an endpoint's name; empty is the companion's own.
    """

    id: uuid.UUID
    title: str
    companion: CompanionRef
    folder: NameRef | None
    origin: str
    is_example: bool
    pinned: bool
    archived: bool
    model: str
    leaf_id: uuid.UUID | None
    last_message_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int


#: What a chat is told of; `chat_of` puts it together.
CHAT_COLUMNS = (
    "id",
    "title",
    "companion_id",
    "companion__slug",
    "companion__name",
    "folder_id",
    "folder__name",
    "folder__removed_at",
    "folder__owner_id",
    *ChatShape.__struct_fields__[4:],
)
_FOLDER, _FOLDER_OWNER = CHAT_COLUMNS.index("folder_id"), CHAT_COLUMNS.index("folder__owner_id")


class CallShape(Shape, frozen=True):
    """A use of a tool. `state` is asking or running, then ok, error, declined, unanswered, blocked, withheld,
    unknown, invalid, repeated, limit or stopped.

    `arguments` is JSON and `said` what came of it, both as text from outside and cut; `at` is where in the
    text of the answer it stands. While it is asking, somebody may answer until `until` (epoch seconds).
    """

    call: str
    name: str
    state: str
    arguments: str
    said: str
    ms: int
    at: int
    until: int | None


class MessageShape(Shape, frozen=True):
    """A node of the tree. `run_id` is what makes an answer, `vote` what the caller thinks of it, `calls` the
    tools that it used, `citations` what it cites. `attachments` came with a question.
    """

    id: uuid.UUID
    chat_id: uuid.UUID
    parent_id: uuid.UUID | None
    role: str
    state: str
    text: str
    created_at: datetime
    updated_at: datetime
    run_id: uuid.UUID | None
    vote: str | None
    calls: list[CallShape]
    attachments: list[AttachmentShape]
    citations: list[CitationShape]


#: What a message is told of; its parts become `calls`.
MESSAGE_COLUMNS = (*MessageShape.__struct_fields__[:8], "parts")


class RunShape(Shape, frozen=True):
    """The making of one answer: queued, streaming, done, stopped, interrupted or failed.

    `notice` is what a person reads where it is not done, in the caller's language: what happened and what
    to do. `error` is "blocked_input" or "blocked_output" where a policy stopped question or answer.
    """

    id: uuid.UUID
    chat_id: uuid.UUID
    message_id: uuid.UUID
    state: str
    error: str
    endpoint: str
    model: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    notice: str


class AskedShape(Shape, frozen=True):
    """The question is saved and an answer is on its way: follow `events_url`."""

    message: MessageShape
    answer: MessageShape
    run: RunShape
    events_url: str


class ExportedCompanion(Shape, frozen=True):
    """Whom a chat that is exported was with."""

    slug: str
    name: str


class ExportedMessage(Shape, frozen=True):
    """A node of the tree, as it is exported. `by` is who said it, by name; `citations` what it is made of."""

    id: uuid.UUID
    parent_id: uuid.UUID | None
    role: str
    by: str
    state: str
    created_at: datetime
    text: str
    calls: list[CallShape]
    model: str | None
    endpoint: str | None
    citations: list[str]


class ExportedChat(Shape, frozen=True):
    """A chat to keep, with every branch of it. `format` names this shape and its version."""

    format: str
    id: uuid.UUID
    title: str
    companion: ExportedCompanion
    created_at: datetime
    exported_at: datetime
    leaf_id: uuid.UUID | None
    messages: list[ExportedMessage]


class VoteShape(Shape, frozen=True):
    """What the caller thinks of an answer."""

    message_id: uuid.UUID
    up: bool
    comment: str
    updated_at: datetime


class ChatInput(Input):
    """A new chat with a companion. With a `text` it is asked at once, and `leaf_id` is its answer to come;
    `document_ids` are documents of the companion's own place that the caller may read, which come with it.
    """

    companion_id = IdOf()
    folder_id = IdOf(required=False, allow_null=True)
    title = Text(max_length=TITLE_LIMIT, required=False)
    text = Text(max_length=settings.HUMANA_MESSAGE_LIMIT, required=False)
    document_ids = ListField(child=IdOf(), max_length=MOST_ATTACHED, required=False)


class ChatChanges(Input):
    """What can be changed of a chat."""

    title = Text(max_length=TITLE_LIMIT, required=False)
    pinned = YesNo(required=False)
    archived = YesNo(required=False)
    model = Text(max_length=120, required=False, allow_blank=True)
    folder_id = IdOf(required=False, allow_null=True)


class Question(Input):
    """What a person says. Without `parent_id` it follows the end of the current branch. `document_ids` are
    documents of the chat's own place that the caller may read; they come with it.
    """

    text = Text(max_length=settings.HUMANA_MESSAGE_LIMIT)
    parent_id = IdOf(required=False, allow_null=True)
    document_ids = ListField(child=IdOf(), max_length=MOST_ATTACHED, required=False)


class Edited(Input):
    """The question asked anew. Without `document_ids` it brings what the earlier one brought."""

    text = Text(max_length=settings.HUMANA_MESSAGE_LIMIT)
    document_ids = ListField(child=IdOf(), max_length=MOST_ATTACHED, required=False)


class CallAnswer(Input):
    """May the tool be used, this once? `call` is that of the event or of the message."""

    call = Text(max_length=40)
    allow = YesNo()


class VoteInput(Input):
    """Good or not, and why."""

    up = YesNo()
    comment = Text(max_length=2000, required=False, allow_blank=True)


def chat_of(row: tuple[Any, ...]) -> ChatShape:
    """From the columns above. A removed folder is no folder."""
    id_, title, companion_id, slug, name, folder_id, folder_name, folder_removed, _owner, *rest = row
    folder = NameRef(folder_id, folder_name) if folder_id and not folder_removed else None
    return ChatShape(id_, title, CompanionRef(companion_id, slug, name), folder, *rest)


def chat(row: Chat) -> ChatShape:
    folder = row.folder if row.folder_id else None
    head = (row.id, row.title, row.companion_id, row.companion.slug, row.companion.name)
    place = (folder.id, folder.name, folder.removed_at, folder.owner_id) if folder else (None,) * 4
    return chat_of((*head, *place, *(getattr(row, name) for name in CHAT_COLUMNS[9:])))


def own_folders(rows: Iterable[tuple[Any, ...]], user_id: uuid.UUID) -> set[uuid.UUID]:
    """Of the folders in these columns: those of this person."""
    return {row[_FOLDER] for row in rows if row[_FOLDER_OWNER] == user_id}


def messages(
    rows: Iterable[tuple[Any, ...]],
    runs: Mapping[uuid.UUID, uuid.UUID],
    votes: Mapping[uuid.UUID, bool],
    beside: Beside,
) -> list[MessageShape]:
    return [_message(row, runs.get(row[0]), votes.get(row[0]), beside) for row in rows]


def message(
    row: Message, beside: Beside, run_id: uuid.UUID | None = None, vote: bool | None = None
) -> MessageShape:
    return _message(tuple(getattr(row, name) for name in MESSAGE_COLUMNS), run_id, vote, beside)


def _message(
    row: tuple[Any, ...], run_id: uuid.UUID | None, vote: bool | None, beside: Beside
) -> MessageShape:
    *told, parts = row
    steps = steps_of(parts, live=told[4] in Message.LIVE)
    calls = [CallShape(**told_step(one)) for one in steps]
    near = (beside.attachments.get(row[0], []), beside.citations.get(row[0], []))
    return MessageShape(*(*told, run_id, _vote(vote), calls, *near))


def run(row: Run) -> RunShape:
    told = [getattr(row, name) for name in RunShape.__struct_fields__[:-1]]
    return RunShape(*[*told, notice_of(row.state, row)])


def _vote(up: bool | None) -> str | None:
    return None if up is None else ("up" if up else "down")
