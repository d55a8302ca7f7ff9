"""How endpoints are, what stands in for what, and who was told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from byoc.models.endpoints import Endpoint
from humana.kernel.models import BaseModel
from tenants.models import Organization
from tenants.scoping import TenantForeignKey


class Watch(BaseModel):
    """This organization has endpoints to look after, next at `due_at`. Ids only, read without a context.

    At `notices_at` something waits to be told it; empty where nothing does.
    """

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField(db_index=True)
    notices_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")

    def __str__(self) -> str:
        return f"endpoints of {self.organization_id}"


class EndpointHealth(BaseModel):
    """How an endpoint is. It turns bad after several bad probes in a row, good again after several good
    ones; `in_a_row` counts those that say otherwise than the state. `since` is when the state began.
    """

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("Not probed yet")
        GOOD = "good", _("Well")
        BAD = "bad", _("Not well")

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    endpoint = TenantForeignKey(Endpoint, models.CASCADE, related_name="health_rows")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.UNKNOWN)
    in_a_row = models.PositiveSmallIntegerField(default=0)
    since = models.DateTimeField(_("since"), null=True)
    probed_at = models.DateTimeField(_("probed"), null=True)
    well_at = models.DateTimeField(_("last well"), null=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True)
    code = models.CharField(max_length=32, blank=True)
    message = models.TextField(_("message"), blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("health of an endpoint")
        verbose_name_plural = _("health of endpoints")
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "endpoint"], name="byoc_health_once", nulls_distinct=False
            ),
        )

    def __str__(self) -> str:
        return f"{self.endpoint_id}: {self.state}"


class Probe(BaseModel):
    """One look at an endpoint. Kept for thirty days."""

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    endpoint = TenantForeignKey(Endpoint, models.CASCADE, related_name="probes")
    at = models.DateTimeField()
    ok = models.BooleanField()
    milliseconds = models.PositiveIntegerField()
    code = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("probe")
        verbose_name_plural = _("probes")
        ordering = ["-at"]
        indexes = [models.Index(fields=["organization", "endpoint", "-at"], name="byoc_probe_latest")]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.at:%F %T}"


class Failover(BaseModel):
    """Something stands in for an endpoint that does not serve: since when, why, and until when.

    `to_endpoint` is empty where nothing stands in and the rest works on (a database that can only be
    read). A standby database waits for a person's word: `confirmed_by`. A model that the environment names
    has no row: then `endpoint` is empty and `named` is what it is called there.
    """

    class Way(models.TextChoices):
        FALLBACK = "fallback", _("Another endpoint answers")
        READ_ONLY = "read_only", _("Only reading")
        BACKUP = "backup", _("The backup is written to")
        STANDBY = "standby", _("The standby is in use")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waits for confirmation")
        ACTIVE = "active", _("In effect")
        RETURNING = "returning", _("Coming back")
        OVER = "over", _("Over")

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    endpoint = TenantForeignKey(
        Endpoint, models.CASCADE, null=True, blank=True, related_name="failovers", verbose_name=_("endpoint")
    )
    named = models.CharField(max_length=80, blank=True)
    to_endpoint = TenantForeignKey(Endpoint, models.CASCADE, null=True, blank=True, related_name="stands_in")
    way = models.CharField(_("way"), max_length=12, choices=Way.choices)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    why = models.CharField(_("why"), max_length=32, blank=True)
    began_at = models.DateTimeField(_("since"))
    back_at = models.DateTimeField(_("back"), null=True)
    confirmed_by = models.UUIDField(null=True, editable=False)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("failover")
        verbose_name_plural = _("failovers")
        ordering = ["-began_at"]
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "endpoint", "named"],
                name="byoc_failover_once",
                condition=~models.Q(state="over"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(endpoint=None) ^ models.Q(named=""), name="byoc_failover_of_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.named or self.endpoint_id}: {self.way}"

    @property
    def whose(self) -> str:
        """The name of what something stands in for."""
        return self.endpoint.name if self.endpoint else self.named

    @property
    def kind(self) -> str:
        """The environment names models only."""
        return self.endpoint.kind if self.endpoint else Endpoint.Kind.LLM


class Notice(BaseModel):
    """Something the customer is told by one way: an address of e-mail, or an endpoint of webhooks.

    Sent again with growing pauses until it arrives or `attempts` are used up. `key` is the same for one
    event whichever way it goes; receivers may use it to take it once.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    class State(models.TextChoices):
        PENDING = "pending", _("To be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Given up")

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    key = models.CharField(max_length=64)
    event = models.CharField(_("event"), max_length=60)
    channel = models.CharField(_("way"), max_length=8, choices=Channel.choices)
    recipient = models.CharField(_("to"), max_length=254)
    payload = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at"]
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "key", "channel", "recipient"],
                name="byoc_notice_once",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} to {self.recipient}"
