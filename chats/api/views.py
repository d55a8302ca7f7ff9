"""My chats: what was said, and what is being said."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from chats.api import serializers
from chats.api.threads import ThreadView, asked, message_shape
from chats.filed import in_folders_of
from chats.models import Chat
from chats.permissions import READ, WRITE
from chats.queries import access_chat, access_message, access_run, chats_of
from chats.searching import saying
from chats.services import consents, conversations, replies, votes
from chats.services.exporting import MEDIA, export_chat
from chats.views.files import as_file
from companions.models import Companion
from companions.queries import access_companion
from documents.access import access_folder
from documents.models import Folder
from humana.api.filters import Choice, Flag, Id, Moment, Words
from humana.api.lists import MergedListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.models import Membership
from tenants.transactions import tenant_atomic


class ChatListView(MergedListView):
    """The caller's chats, the latest first."""

    permissions = {"GET": READ.name, "POST": WRITE.name}
    listed = ("listChats", "My chats, the latest first")
    shape = serializers.ChatShape
    columns = serializers.CHAT_COLUMNS
    order = ("-last_message_at", "-id")
    placed_by = {"companion_id": "companion_id"}
    filters = {
        "q": Words("Only chats that say all of these words, in a message or in the title; without accents."),
        "since": Moment("Only chats whose last message is not older."),
        "until": Moment("Only chats whose last message is older."),
        "companion": Id("Only chats with this companion."),
        "folder": Id("Only chats in this folder."),
        "archived": Flag("Archived ones instead of those at hand."),
        "origin": Choice(
            "Where they began: here, or with an OpenAI-compatible client.", tuple(Chat.Origin.values)
        ),
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[Chat]:
        wanted = dict(self.asked)
        archived, origin = wanted.pop("archived", False), wanted.pop("origin", Chat.Origin.APP)
        said, since, until = wanted.pop("q", None), wanted.pop("since", None), wanted.pop("until", None)
        rows = chats_of(self.member, archived=archived, origin=origin)
        rows = rows.filter(last_message_at__gte=since) if since is not None else rows
        rows = rows.filter(last_message_at__lt=until) if until is not None else rows
        rows = saying(rows, self.member, said) if said is not None else rows
        chosen = {f"{name}_id": value for name, value in wanted.items()}
        return rows.filter(**chosen) if chosen else rows

    def shown(self, rows: list[Any]) -> list[serializers.ChatShape]:
        own = serializers.own_folders(rows, self.member.user_id)
        return in_folders_of(self.member, [serializers.chat_of(row) for row in rows], own=own)

    @operation(
        "createChat",
        "Begin a chat with a companion, and ask at once where there is a text",
        takes=serializers.ChatInput,
        gives=serializers.ChatShape,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(serializers.ChatInput)
        companion = access_companion(member=self.member, companion_id=given.pop("companion_id"))
        folder = _folder(self.member, given.pop("folder_id", None))
        chat = _begun(self.member, companion, folder, given)
        return self.answer(
            _shape(self.member, chat), status=201, version=chat.version, location=f"/api/v1/chats/{chat.id}/"
        )


class ChatView(ApiView):
    """One chat of the caller."""

    permissions = {"GET": READ.name, "PATCH": WRITE.name, "DELETE": WRITE.name}

    @operation("readChat", "One chat", gives=serializers.ChatShape)
    def get(self, request: Request, chat_id: uuid.UUID) -> HttpResponse:
        chat = access_chat(member=self.member, chat_id=chat_id)
        return self.answer(_shape(self.member, chat), version=chat.version)

    @operation(
        "editChat",
        "Rename, pin, archive or move a chat, or choose its model",
        takes=serializers.ChatChanges,
        gives=serializers.ChatShape,
    )
    def patch(self, request: Request, chat_id: uuid.UUID) -> HttpResponse:
        chat = access_chat(member=self.member, chat_id=chat_id)
        given = self.body(serializers.ChatChanges, partial=True)
        if "folder_id" in given:
            given["folder"] = _folder(self.member, given.pop("folder_id"))
        version = expected(request, chat.version)
        with tenant_atomic():
            for name, value in given.items():
                CHANGES[name](member=self.member, chat=chat, version=version, **{name: value})
                version = None  # compared once; the row is ours until the commit
        return self.answer(_shape(self.member, chat), version=chat.version)

    @operation("removeChat", "Remove a chat; it can be restored for a while", status=204)
    def delete(self, request: Request, chat_id: uuid.UUID) -> HttpResponse:
        chat = access_chat(member=self.member, chat_id=chat_id)
        self.no_body()
        expected(request, chat.version)
        conversations.remove_chat(member=self.member, chat=chat)
        return self.nothing()


CHANGES: dict[str, Any] = {
    "title": conversations.rename_chat,
    "pinned": conversations.pin_chat,
    "archived": conversations.archive_chat,
    "folder": conversations.move_chat,
    "model": conversations.choose_model,
}


class RestoreView(ApiView):
    """A removed chat, brought back."""

    permission = WRITE.name

    @operation("restoreChat", "Bring back a removed chat", gives=serializers.ChatShape)
    def post(self, request: Request, chat_id: uuid.UUID) -> HttpResponse:
        with tenant_atomic():
            chat = conversations.restore_chat(member=self.member, chat_id=chat_id)
            self.no_body()
        return self.answer(_shape(self.member, chat), version=chat.version)


class ExportView(ApiView):
    """A chat to keep."""

    permission = READ.name
    filters = {"form": Choice("Markdown of the current branch, or JSON of every branch.", tuple(MEDIA))}

    @operation("exportChat", "A chat as a file: JSON, or Markdown", gives=serializers.ExportedChat)
    def get(self, request: Request, chat_id: uuid.UUID) -> HttpResponse:
        chat = access_chat(member=self.member, chat_id=chat_id)
        return as_file(export_chat(member=self.member, chat=chat, form=self.asked.get("form", "json")))


class MessageListView(ThreadView):
    """The messages of one chat."""

    permissions = {"GET": READ.name, "POST": WRITE.name}

    @operation(
        "listMessages", "Messages of the current branch, from the first on", gives=serializers.MessageShape
    )
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    @operation(
        "ask",
        "Say something; the answer follows by its events",
        takes=serializers.Question,
        gives=serializers.AskedShape,
        status=202,
    )
    def post(self, request: Request, chat_id: uuid.UUID) -> HttpResponse:
        chat = access_chat(member=self.member, chat_id=chat_id)
        return asked(self, replies.ask(member=self.member, chat=chat, **self.body(serializers.Question)))


class MessageView(ApiView):
    """One message."""

    permission = READ.name

    @operation("readMessage", "One message as it stands", gives=serializers.MessageShape)
    def get(self, request: Request, message_id: uuid.UUID) -> HttpResponse:
        message = access_message(member=self.member, message_id=message_id)
        return self.answer(message_shape(self.member, message), version=0)


class RegenerateView(ApiView):
    """Another answer to the same question."""

    permission = WRITE.name

    @operation(
        "regenerate", "Make an answer again, beside the old one", gives=serializers.AskedShape, status=202
    )
    def post(self, request: Request, message_id: uuid.UUID) -> HttpResponse:
        message = access_message(member=self.member, message_id=message_id)
        self.no_body()
        return asked(self, replies.regenerate(member=self.member, message=message))


class GoOnView(ApiView):
    """The rest of an answer."""

    permission = WRITE.name

    @operation(
        "continueAnswer",
        "Go on with an answer that was stopped or cut off, in a message below it",
        gives=serializers.AskedShape,
        status=202,
    )
    def post(self, request: Request, message_id: uuid.UUID) -> HttpResponse:
        message = access_message(member=self.member, message_id=message_id)
        self.no_body()
        return asked(self, replies.go_on(member=self.member, message=message))


class EditView(ApiView):
    """A question asked anew."""

    permission = WRITE.name

    @operation(
        "editMessage",
        "Ask anew in place of a question; the old one stays as a branch",
        takes=serializers.Edited,
        gives=serializers.AskedShape,
        status=202,
    )
    def post(self, request: Request, message_id: uuid.UUID) -> HttpResponse:
        message = access_message(member=self.member, message_id=message_id)
        return asked(self, replies.edit(member=self.member, message=message, **self.body(serializers.Edited)))


class VoteView(ApiView):
    """What the caller thinks of an answer."""

    permission = WRITE.name

    @operation(
        "vote", "Say whether an answer is good", takes=serializers.VoteInput, gives=serializers.VoteShape
    )
    def put(self, request: Request, message_id: uuid.UUID) -> HttpResponse:
        message = access_message(member=self.member, message_id=message_id)
        kept = votes.vote(member=self.member, message=message, **self.body(serializers.VoteInput))
        return self.answer(serializers.VoteShape(message.id, kept.up, kept.comment, kept.updated_at))

    @operation("withdrawVote", "Take the vote back", status=204)
    def delete(self, request: Request, message_id: uuid.UUID) -> HttpResponse:
        message = access_message(member=self.member, message_id=message_id)
        self.no_body()
        votes.withdraw_vote(member=self.member, message=message)
        return self.nothing()


class RunView(ApiView):
    """The making of one answer."""

    permission = READ.name

    @operation("readRun", "How far an answer is", gives=serializers.RunShape)
    def get(self, request: Request, run_id: uuid.UUID) -> HttpResponse:
        run = access_run(member=self.member, run_id=run_id)
        return self.answer(serializers.run(run), version=0)


class StopView(ApiView):
    """Enough of an answer."""

    permission = WRITE.name

    @operation("stopRun", "Stop an answer; what is written stays", gives=serializers.RunShape, status=202)
    def post(self, request: Request, run_id: uuid.UUID) -> HttpResponse:
        run = access_run(member=self.member, run_id=run_id)
        self.no_body()
        return self.answer(serializers.run(replies.stop(member=self.member, run=run)), status=202)


class CallsView(ApiView):
    """The uses of tools within an answer."""

    permission = WRITE.name

    @operation(
        "answerCall",
        "Allow a tool that asks first, or decline it",
        takes=serializers.CallAnswer,
        gives=serializers.RunShape,
        status=202,
    )
    def post(self, request: Request, run_id: uuid.UUID) -> HttpResponse:
        run = access_run(member=self.member, run_id=run_id)
        consents.decide_on_call(member=self.member, run=run, **self.body(serializers.CallAnswer))
        return self.answer(serializers.run(run), status=202)


def _shape(member: Membership, chat: Chat) -> serializers.ChatShape:
    return in_folders_of(member, [serializers.chat(chat)])[0]


def _begun(member: Membership, companion: Companion, folder: Folder | None, given: dict[str, Any]) -> Chat:
    """An empty chat, or one that begins with a question."""
    if {"text", "document_ids"} & given.keys():
        run = replies.begin(member=member, companion=companion, folder=folder, **({"text": ""} | given))
        return access_chat(member=member, chat_id=run.chat_id)
    with tenant_atomic():
        chat = conversations.start_chat(member=member, companion=companion, folder=folder)
        if "title" in given:
            conversations.rename_chat(member=member, chat=chat, title=given["title"])
    return chat


def _folder(member: Membership, folder_id: uuid.UUID | None) -> Folder | None:
    return access_folder(member=member, folder_id=folder_id) if folder_id else None
