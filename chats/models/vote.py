"""What a member thought of an answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.chat import Message
from humana.kernel.text import said_when
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, TenantForeignKey


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
