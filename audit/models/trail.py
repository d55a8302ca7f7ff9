"""What happened: one chain in each placement."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped


class AuditHead(OrganizationScoped):
    """The end of the organization's chain in this placement; locked for the last write of a transaction."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    class Meta(OrganizationScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["organization_id"], name="audit_head_once")]


class AuditEntry(OrganizationScoped):
    """One line of the trail: inserted and read by the application, never changed.

    `hash` covers every other column and the previous hash. `payload` is JSON text, protected.
    `source_id` is the ControlEvent it was relayed from, so a relay can never double it.
    """

    sequence = models.BigIntegerField()
    at = models.DateTimeField(_("when"))
    actor_kind = models.CharField(max_length=16)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(_("who"), max_length=254)
    action = models.CharField(_("what"), max_length=80)
    resource_type = models.CharField(max_length=60)
    resource_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(_("address"), max_length=64, blank=True)
    agent = models.CharField(_("client"), max_length=256, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    regulations = models.JSONField(_("regulations"), default=list)
    keep_until = models.DateTimeField(_("keep until"), null=True)
    encryption_required = models.BooleanField(default=False)
    payload = ProtectedTextField(default="{}")
    source_id = models.UUIDField(null=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("trail entry")
        verbose_name_plural = _("trail")
        ordering = ["-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "sequence"], name="audit_sequence_once"),
            models.UniqueConstraint(fields=["organization_id", "source_id"], name="audit_source_once"),
        ]
        indexes = [
            models.Index(fields=["organization_id", "action", "-sequence"], name="audit_by_action"),
            models.Index(fields=["organization_id", "actor_id", "-sequence"], name="audit_by_actor"),
            models.Index(
                fields=["organization_id", "resource_type", "resource_id"], name="audit_by_resource"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.sequence} {self.action}"
