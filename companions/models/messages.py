"""What companions send each other, and how each copy fares."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models.companions import Companion
from humana.kernel.text import said_when
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, TenantForeignKey


class CompanionMessage(OrganizationScoped):
    """One message from a companion, sent by a member or in answer to one that a member sent.

    Names are kept beside the references: a message outlives whom it names. `permissions` are the
    rights that the edge gave when it was sent; what follows from it has no more. All of one trace
    descend from one message; `hop` counts from 0. Kept in the organization's main placement.
    """

    class Kind(models.TextChoices):
        KNOWLEDGE_SHARE = "knowledge_share", _("Knowledge shared")
        WORKFLOW_HANDOFF = "workflow_handoff", _("Work handed over")
        COLLABORATION_REQUEST = "collaboration_request", _("Help asked for")

    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    sender = TenantForeignKey(Companion, models.SET_NULL, null=True, related_name="sent_messages")
    sender_name = models.CharField(_("from"), max_length=80)
    member_id = models.UUIDField(_("sent by"))
    to_all = models.BooleanField(_("to all"), default=False)
    payload = ProtectedTextField(_("text"))
    permissions = models.JSONField(_("permissions"), default=list)
    trace_id = models.UUIDField(_("belongs to"))
    parent = TenantForeignKey("self", models.SET_NULL, null=True, related_name="followed_by")
    hop = models.PositiveSmallIntegerField(_("step"), default=0)
    expires_at = models.DateTimeField(_("expires"))

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("message between companions")
        verbose_name_plural = _("messages between companions")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["organization_id", "trace_id", "created_at"], name="companion_trace"),
            models.Index(fields=["organization_id", "-created_at", "-id"], name="companion_message_recent"),
            models.Index(
                fields=["organization_id", "member_id", "-created_at", "-id"], name="companion_message_by"
            ),
            models.Index(fields=["organization_id", "sender"], name="companion_message_from"),
            models.Index(fields=["organization_id", "parent"], name="companion_message_parent"),
        ]

    def __str__(self) -> str:
        return f"{self.sender_name}, {said_when(self.created_at)}"


class Inbox(OrganizationScoped):
    """How many copies one companion was ever sent; locked while one is numbered or delivered.

    So numbers have no gaps, and a copy with a lower number is never committed after a higher one.
    """

    companion = TenantForeignKey(Companion, models.CASCADE, related_name="inboxes")
    last_sequence = models.BigIntegerField(default=0)

    class Meta(OrganizationScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["organization_id", "companion"], name="inbox_once")]


class Delivery(OrganizationScoped):
    """One companion's copy of a message: its own line in the outbox and, once delivered, in the inbox.

    Pending copies are delivered in the order of `sequence`, each once. What fails too often is put
    aside (quarantined) until somebody releases it; it then comes last. `reason` is a code of
    `companions.access`, or of what went wrong.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("On its way")
        DELIVERED = "delivered", _("Delivered")
        REFUSED = "refused", _("Refused")
        EXPIRED = "expired", _("Expired")
        QUARANTINED = "quarantined", _("Put aside")

    message = TenantForeignKey(CompanionMessage, models.CASCADE, related_name="deliveries")
    recipient = TenantForeignKey(Companion, models.SET_NULL, null=True, related_name="received")
    recipient_name = models.CharField(_("to"), max_length=80)
    sequence = models.BigIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "message", "recipient"], name="delivery_once"),
            models.UniqueConstraint(
                fields=["organization_id", "recipient", "sequence"], name="delivery_in_order"
            ),
        ]
        indexes = [  # few: a message to all writes thousands of these at once
            models.Index(
                fields=["organization_id", "state", "recipient", "sequence"], name="delivery_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient_name} #{self.sequence}"
