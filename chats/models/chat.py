"""A chat, and the tree of its messages."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models import Companion
from documents.models import Folder
from humana.kernel.text import said_when
from tenants.fields import ProtectedJSONField, ProtectedTextField
from tenants.scoping import OrganizationScoped, Removable, TenantForeignKey


class Chat(OrganizationScoped, Removable):
    """One person's conversation with one companion. `leaf_id` is the message at its current end.

    `model` is what the person chose to answer here, while it may; empty is the companion's own.
    """

    class Origin(models.TextChoices):
        APP = "app", _("Humana")
        OPENAI = "openai", _("OpenAI-compatible client")

    owner_id = models.UUIDField()
    companion = TenantForeignKey(Companion, models.CASCADE, related_name="chats")
    folder = TenantForeignKey(Folder, models.SET_NULL, null=True, blank=True, related_name="chats")
    title = ProtectedTextField(_("title"), blank=True)
    title_by_person = models.BooleanField(default=False)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.APP)
    is_example = models.BooleanField(_("written example"), default=False)
    pinned = models.BooleanField(_("pinned"), default=False)
    archived = models.BooleanField(_("archived"), default=False)
    model = models.CharField(_("model"), max_length=120, blank=True)
    leaf_id = models.UUIDField(null=True)
    last_message_at = models.DateTimeField(_("last message"))
    version = models.PositiveIntegerField(default=1)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        ordering = ["-last_message_at"]
        indexes = [
            models.Index(
                fields=["organization_id", "owner_id", "-last_message_at", "-id"], name="chat_recent"
            ),
            models.Index(
                fields=["organization_id", "companion", "-last_message_at"], name="chat_by_companion"
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(_("New chat"))


class Message(OrganizationScoped):
    """A node of the tree. A companion's message starts pending and is filled by its run."""

    class Role(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANION = "companion", _("Companion")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        STREAMING = "streaming", _("Being written")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")
        FAILED = "failed", _("Failed")

    LIVE = frozenset({State.PENDING, State.STREAMING})

    chat = TenantForeignKey(Chat, models.CASCADE, related_name="messages")
    parent = TenantForeignKey("self", models.CASCADE, null=True, related_name="children")
    role = models.CharField(max_length=12, choices=Role.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DONE)
    text = ProtectedTextField(blank=True)
    parts = ProtectedJSONField(default=list)
    author_id = models.UUIDField(null=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["organization_id", "chat", "created_at", "id"], name="message_in_chat"),
            models.Index(fields=["organization_id", "parent"], name="message_children"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {said_when(self.created_at)}"
