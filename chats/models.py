"""People talking with companions: a chat is a tree of messages; a run makes one answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models import Companion
from documents.models import Folder
from humana.kernel.text import said_when
from tenants.fields import ProtectedJSONField, ProtectedTextField
from tenants.scoping import OrganizationScoped, Removable, TenantForeignKey


class Chat(OrganizationScoped, Removable):
    """One person's conversation with one companion. `leaf_id` is the message at its current end."""

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


class Run(OrganizationScoped):
    """The making of one answer, owned by one process until it ends.

    queued → streaming → done | stopped | interrupted (text kept) | failed (nothing shown).
    `provenance` keeps which values, policies and brand versions spoke, which layer said each setting, who
    was asked to answer, and what policies found; `endpoint` and `model` are who did answer.
    `heartbeat_at` tells a living owner from a dead one. `error` is a code of EndpointError, shown in the
    person's words.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        STREAMING = "streaming", _("Being written")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")
        FAILED = "failed", _("Failed")

    LIVE = frozenset({State.QUEUED, State.STREAMING})

    chat = TenantForeignKey(Chat, models.CASCADE, related_name="runs")
    message = TenantForeignKey(Message, models.CASCADE, related_name="runs")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    endpoint = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=120, blank=True)
    prompt_digest = models.CharField(max_length=64, blank=True)
    provenance = models.JSONField(default=dict)
    error = models.CharField(max_length=40, blank=True)
    owner = models.CharField(max_length=80, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [models.UniqueConstraint(fields=["organization_id", "message"], name="run_per_message")]
        indexes = [models.Index(fields=["organization_id", "state", "heartbeat_at"], name="run_live")]

    def __str__(self) -> str:
        return f"{self.id} ({self.get_state_display()})"


class Vote(OrganizationScoped):
    """What a member thought of an answer; at most one each."""

    message = TenantForeignKey(Message, models.CASCADE, related_name="votes")
    member_id = models.UUIDField()
    up = models.BooleanField()
    comment = ProtectedTextField(blank=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "message", "member_id"], name="vote_once")
        ]
        indexes = [models.Index(fields=["organization_id", "created_at"], name="vote_by_time")]

    def __str__(self) -> str:
        return said_when(self.created_at)


class Draft(OrganizationScoped):
    """Text a person has not sent yet, in one chat or, without a chat, for a companion."""

    member_id = models.UUIDField()
    place_id = models.UUIDField()
    text = ProtectedTextField(blank=True)

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "member_id", "place_id"], name="draft_once")
        ]
