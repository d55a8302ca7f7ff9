from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.models.organizations import Organization


class ControlEvent(BaseModel):
    """What changed in the control plane, written with the change, relayed once into the trail.

    The trail may live in another database, so it cannot share that transaction. Without an
    organization it is the platform's own event and stays here.
    """

    organization = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    action = models.CharField(_("action"), max_length=80)
    resource_type = models.CharField(max_length=60)
    resource_id = models.CharField(max_length=64, blank=True)
    payload = models.JSONField(default=dict)
    actor = models.JSONField(default=dict)
    relayed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("control event")
        verbose_name_plural = _("control events")
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["organization", "relayed_at", "created_at"], name="control_event_pending")
        ]

    def __str__(self) -> str:
        return self.action


class PendingWork(BaseModel):
    """A marker: this organization has something to sweep. Sweeps read it instead of every placement.

    Holds ids only, and is read without a context.
    """

    class Kind(models.TextChoices):
        OUTBOX = "outbox"
        CONTROL_EVENT = "control_event"
        RUN = "run"
        DELIVERY = "delivery"
        BUDGET = "budget"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "kind"], name="pending_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.organization_id}"
