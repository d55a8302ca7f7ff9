"""The two guards of delivery: work that must not be lost, and requests that must not count twice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped


class Outbox(OrganizationScoped):
    """Work that must not be lost: written with the change, done once, swept until it is.

    `arguments` are ids only. `attempts` counts starts; `due_at` is when to try (again).
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        QUARANTINED = "quarantined"

    task = models.CharField(max_length=80)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("outbox")
        verbose_name_plural = _("outbox")
        indexes = [models.Index(fields=["organization_id", "state", "due_at"], name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.task} ({self.state})"


class IdempotencyKey(OrganizationScoped):
    """The answer given to a POST that named a key: repeated to the same request, refused to another.

    Written in the transaction of the request's own effect. `fingerprint` is the SHA-256 of method,
    path and body.
    """

    member_id = models.UUIDField()
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = ProtectedTextField(default="")

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "member_id", "key"], name="idempotency_once")
        ]
        indexes = [models.Index(fields=["organization_id", "created_at"], name="idempotency_age")]
