"""What a member has not sent yet."""

from __future__ import annotations

from django.db import models

from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped


class Draft(OrganizationScoped):
    """Text a person has not sent yet, in one chat or, without a chat, for a companion; and the documents
    attached to it, by their ids as text: nothing where there are none.
    """

    member_id = models.UUIDField()
    place_id = models.UUIDField()
    text = ProtectedTextField(blank=True)
    document_ids = models.JSONField(null=True)

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "member_id", "place_id"], name="draft_once")
        ]
