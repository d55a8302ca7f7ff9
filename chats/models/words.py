"""What search reads of chats."""

from __future__ import annotations

from django.db import models

from chats.models.chat import Chat, Message
from documents.fields import WordsField
from tenants.scoping import OrganizationScoped, TenantForeignKey


class MessageWords(OrganizationScoped):
    """The words of one message; without a message, those of the chat's title.

    There are none where the organization has all of its text sealed. `owner_id` is the chat's and
    `said_at` the moment of the message: a search reads one person's rows, the latest first.
    """

    chat = TenantForeignKey(Chat, models.CASCADE, related_name="searched")
    message = TenantForeignKey(Message, models.CASCADE, null=True, related_name="searched")
    owner_id = models.UUIDField()
    said_at = models.DateTimeField()
    words = WordsField(default=" ")

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "message"], name="message_words_once")
        ]
        indexes = [
            models.Index(fields=["organization_id", "owner_id", "-said_at", "-id"], name="words_of_owner"),
            models.Index(fields=["organization_id", "chat"], name="words_of_chat"),
        ]
