"""What it cost: a line for each use of a model, and the lines of a day added up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from humana.kernel.text import said_when
from tenants.scoping import OrganizationScoped


class UsageEvent(OrganizationScoped):
    """What one run used. Tokens as the provider counted them, or NULL where it did not say.

    `cost` is in `currency`; NULL means unpriced, never free. Where it is known, `price_source` says whose
    prices those were ("table", "genai-prices" or "own") and `price_version` which state of them. Times are in
    milliseconds. Where a stream was cut before anybody counted, `estimated_tokens` and `estimated_cost` are
    what budgets took instead.
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
    estimated_tokens = models.PositiveIntegerField(null=True)
    estimated_cost = models.DecimalField(max_digits=16, decimal_places=8, null=True)
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


class UsageDay(OrganizationScoped):
    """The ledger's lines of one day, added up as they are written: what pages read.

    The day is that of the organization's time zone when the line was written. `cost` is in parts of
    `currency`, as budgets count it (`audit.models.UNITS`); `unpriced` answers are not in it. `team_id` is
    the team that the member was in.
    """

    day = models.DateField()
    companion_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    model = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    answers = models.PositiveIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    estimated_tokens = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=64)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("usage of a day")
        verbose_name_plural = _("usage by day")
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "day", "key"], name="usage_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.model}, {self.day}"
