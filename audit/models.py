"""What happened (the trail) and what it cost (the usage ledger), plus the two guards of delivery."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from humana.kernel.text import said_when
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


class UsageEvent(OrganizationScoped):
    """What one run used. Tokens as the provider counted them, or NULL where it did not say.

    `cost` is in `currency`; NULL means unpriced, never free. Where it is known, `price_source` says whose
    prices those were ("table", "genai-prices" or "own") and `price_version` which state of them. Times are in
    milliseconds.
    """

    run_id = models.UUIDField()
    companion_id = models.UUIDField()
    member_id = models.UUIDField()
    endpoint = models.CharField(max_length=80)
    model = models.CharField(max_length=120)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cached_tokens = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    currency = models.CharField(max_length=3, default="USD")
    price_source = models.CharField(max_length=16, blank=True, default="", db_default="")
    price_version = models.CharField(max_length=24, blank=True, default="", db_default="")
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=16)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        constraints = [models.UniqueConstraint(fields=["organization_id", "run_id"], name="usage_once")]
        indexes = [
            models.Index(fields=["organization_id", "created_at"], name="usage_by_time"),
            models.Index(fields=["organization_id", "companion_id", "created_at"], name="usage_by_companion"),
        ]

    def __str__(self) -> str:
        return f"{self.model or self.endpoint}, {said_when(self.created_at)}"
