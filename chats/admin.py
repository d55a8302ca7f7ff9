"""What people wrote and were answered: only to read, only inside a support session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chats.models import Attachment, Chat, Citation, Message, Run, Vote
from chats.queries import thread
from tenants.console import ContentAdmin


@admin.register(Chat)
class ChatAdmin(ContentAdmin):
    list_display = ("title", "companion", "origin", "is_example", "archived", "last_message_at")
    list_filter = ("origin", "archived", "is_example")
    list_select_related = ("companion",)
    readonly_fields = ("conversation",)
    fields = (
        "title",
        "companion",
        "owner_id",
        "folder",
        "origin",
        "created_at",
        "last_message_at",
        "conversation",
    )

    @display(description=_("conversation"))
    def conversation(self, chat: Chat) -> str:
        """The current branch, as text: nothing of it is rendered."""
        told = ((message.get_role_display(), message.text) for message in thread(chat))
        return format_html_join("", '<div class="said"><b>{}</b><p>{}</p></div>', told)

    def shown_with(self, obj: Any) -> Mapping[str, Any]:
        return {"messages": [message.id for message in thread(obj)]}


@admin.register(Message)
class MessageAdmin(ContentAdmin):
    """The list tells which; the words are on each message's own page."""

    list_display = ("id", "of_chat", "role", "state", "created_at")
    list_filter = ("role", "state")
    lookups = ("id", "chat")
    ordering = ("-created_at",)
    fields = ("chat", "parent", "role", "state", "author_id", "text", "parts", "created_at")

    @display(description=_("chat"), ordering="chat")
    def of_chat(self, message: Message) -> str:
        return str(message.chat_id)


@admin.register(Run)
class RunAdmin(ContentAdmin):
    list_display = ("id", "state", "endpoint", "model", "error", "created_at", "ended_at")
    list_filter = ("state", "error", "endpoint")
    lookups = ("id", "chat", "message")
    ordering = ("-created_at",)


@admin.register(Vote)
class VoteAdmin(ContentAdmin):
    list_display = ("id", "of_message", "up", "created_at")
    list_filter = ("up",)
    ordering = ("-created_at",)

    @display(description=_("message"), ordering="message")
    def of_message(self, vote: Vote) -> str:
        return str(vote.message_id)


@admin.register(Attachment)
class AttachmentAdmin(ContentAdmin):
    list_display = ("id", "of_message", "document_id", "created_at")
    lookups = ("id", "message", "document_id")
    ordering = ("-created_at",)

    @display(description=_("message"), ordering="message")
    def of_message(self, attachment: Attachment) -> str:
        return str(attachment.message_id)


@admin.register(Citation)
class CitationAdmin(ContentAdmin):
    """The list tells which; the words are on each one's own page."""

    list_display = ("id", "of_message", "number", "source_kind", "of_source", "created_at")
    list_filter = ("source_kind",)
    lookups = ("id", "message", "source_id")
    ordering = ("-created_at", "number")

    @display(description=_("message"), ordering="message")
    def of_message(self, citation: Citation) -> str:
        return str(citation.message_id)

    @display(description=_("source"), ordering="source_id")
    def of_source(self, citation: Citation) -> str:
        return str(citation.source_id)
