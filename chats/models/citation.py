"""What an answer cites."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.chat import Message
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, TenantForeignKey


class Citation(OrganizationScoped):
    """A passage that an answer was given under a number. While the answer is written there is one of each
    that was given, afterwards of each that it cites.

    `source_id` is an asset of knowledge or a document, at `version`; `ordinal` and `place` say where in
    it, `quote` what stood there. Whether it may still be read is asked when it is shown.
    """

    message = TenantForeignKey(Message, models.CASCADE, related_name="citations")
    number = models.PositiveIntegerField()
    source_kind = models.CharField(max_length=12)
    source_id = models.UUIDField()
    version = models.PositiveIntegerField()
    ordinal = models.PositiveIntegerField()
    title = ProtectedTextField(_("title"))
    place = ProtectedTextField(_("place"), blank=True)
    quote = ProtectedTextField(_("quote"))

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "message", "number"], name="citation_number")
        ]

    def __str__(self) -> str:
        return f"[{self.number}] {self.title}"
