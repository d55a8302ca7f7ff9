"""A conversation that one person hands to another, and to another companion."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models.companions import Companion
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, TenantForeignKey


class Handoff(OrganizationScoped):
    """Offered, then accepted, declined or withdrawn; kept in the organization's main placement.

    `chat_id` is the conversation as it was, `new_chat_id` its continuation, wherever their companions
    live. Names are kept beside the references, so it can be read when a companion or a person is gone.
    `message_id` is what both companions were told.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    chat_id = models.UUIDField(_("conversation"))
    title = ProtectedTextField(_("title"), blank=True)
    from_companion = TenantForeignKey(Companion, models.SET_NULL, null=True, related_name="handed_on")
    from_name = models.CharField(_("from companion"), max_length=80)
    to_companion = TenantForeignKey(Companion, models.SET_NULL, null=True, related_name="handed_to")
    to_name = models.CharField(_("to companion"), max_length=80)
    from_user_id = models.UUIDField()
    from_person = models.CharField(_("from"), max_length=120)
    to_user_id = models.UUIDField()
    to_person = models.CharField(_("to"), max_length=120)
    note = ProtectedTextField(_("what to know"), blank=True)
    document_ids = models.JSONField(default=list)
    message_id = models.UUIDField(null=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OFFERED)
    answered_at = models.DateTimeField(_("answered"), null=True)
    new_chat_id = models.UUIDField(_("goes on in"), null=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("handoff")
        verbose_name_plural = _("handoffs")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["organization_id", "to_user_id", "state", "-created_at"], name="handoff_to"),
            models.Index(
                fields=["organization_id", "from_user_id", "state", "-created_at"], name="handoff_from"
            ),
            models.Index(fields=["organization_id", "chat_id"], name="handoff_of_chat"),
            models.Index(fields=["organization_id", "created_at"], name="handoff_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.from_name} → {self.to_name}"
