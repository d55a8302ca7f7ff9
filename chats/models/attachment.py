"""Documents that came with a question."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.chat import Message
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, TenantForeignKey


class Attachment(OrganizationScoped):
    """A document that a person attached to a question. It stays what it is: a document, which lives where
    the chat does, and may be read by whoever may read it now. `name` is what it was called then.
    """

    message = TenantForeignKey(Message, models.CASCADE, related_name="attachments")
    document_id = models.UUIDField()
    name = ProtectedTextField(_("name"))

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "message", "document_id"], name="attachment_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
