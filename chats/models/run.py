"""The making of an answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.chat import Chat, Message
from tenants.scoping import OrganizationScoped, TenantForeignKey


class Run(OrganizationScoped):
    """The making of one answer, owned by one process until it ends.

    queued → streaming → done | stopped | interrupted (text kept) | failed (nothing shown).
    `provenance` keeps which values, policies and brand versions spoke, which layer said each setting, who
    was asked to answer, and what policies found; `endpoint` and `model` are who did answer.
    `heartbeat_at` tells a living owner from a dead one. `error` is a code of EndpointError, shown in the
    person's words.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        STREAMING = "streaming", _("Being written")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")
        FAILED = "failed", _("Failed")

    LIVE = frozenset({State.QUEUED, State.STREAMING})

    chat = TenantForeignKey(Chat, models.CASCADE, related_name="runs")
    message = TenantForeignKey(Message, models.CASCADE, related_name="runs")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    endpoint = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=120, blank=True)
    prompt_digest = models.CharField(max_length=64, blank=True)
    provenance = models.JSONField(default=dict)
    error = models.CharField(max_length=40, blank=True)
    owner = models.CharField(max_length=80, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [models.UniqueConstraint(fields=["organization_id", "message"], name="run_per_message")]
        indexes = [models.Index(fields=["organization_id", "state", "heartbeat_at"], name="run_live")]

    def __str__(self) -> str:
        return f"{self.id} ({self.get_state_display()})"
