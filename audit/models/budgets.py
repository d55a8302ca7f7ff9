"""What may be used, what is used, and what is reserved for answers that are being made.

Whatever is counted is a whole number: tokens, or the ledger's smallest part of money (`UNITS` of it are one
of the currency). So every database adds it exactly.
"""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.scoping import OrganizationScoped, TenantForeignKey

#: Of these are one dollar, real or euro: the ledger keeps eight places.
UNITS = 100_000_000
#: Holder of what all share.
POT = uuid.UUID(int=0)


class Budget(OrganizationScoped):
    """How much an organization, a team, a member or a companion may use in a day or a month.

    `amount` is in tokens, or in `UNITS` of `currency`. With `each` every member has that much, otherwise all
    share it. A hard one refuses what has no room; any other only warns, from `warn_at` percent on. It is
    kept in the main placement, whatever it is for.
    """

    class Scope(models.TextChoices):
        ORGANIZATION = "organization", _("Whole organization")
        TEAM = "team", _("Team")
        MEMBER = "member", _("Member")
        COMPANION = "companion", _("Companion")

    class Unit(models.TextChoices):
        TOKENS = "tokens", _("Tokens")
        MONEY = "money", _("Money")

    class Period(models.TextChoices):
        DAY = "day", _("Day")
        MONTH = "month", _("Month")

    scope = models.CharField(_("for"), max_length=16, choices=Scope.choices)
    subject_id = models.UUIDField(_("for whom (id)"), null=True)
    unit = models.CharField(_("counted in"), max_length=8, choices=Unit.choices)
    amount = models.BigIntegerField(_("limit"))
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    period = models.CharField(_("per"), max_length=8, choices=Period.choices)
    each = models.BooleanField(_("for each member"), default=False)
    hard = models.BooleanField(_("refuses"), default=True)
    warn_at = models.PositiveSmallIntegerField(_("warns from (%)"), default=80)
    version = models.PositiveIntegerField(default=1)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["organization_id", "scope", "subject_id"], name="budget_by_scope")]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}, {self.get_period_display()}"


class BudgetCounter(OrganizationScoped):
    """What of a budget is used and reserved in one period, by one holder (`POT` for what all share).

    `used` and `reserved` only ever change by one conditional UPDATE. `told` is the highest threshold, in
    percent, that whoever looks after budgets was told of; `seen` that which its holder was told of and put
    away.
    """

    budget = TenantForeignKey(Budget, models.CASCADE, related_name="counters")
    holder_id = models.UUIDField(default=POT)
    starts_on = models.DateField()
    used = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0)
    told = models.PositiveSmallIntegerField(default=0)
    seen = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "budget", "holder_id", "starts_on"], name="budget_counter_once"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "starts_on"], name="budget_counter_period")]

    def __str__(self) -> str:
        return f"{self.budget_id} from {date.isoformat(self.starts_on)}"


class BudgetReservation(OrganizationScoped):
    """The worst case of one answer, held from before its model is asked until it is settled.

    `shares` says of each counter how much: [[counter's key …, amount], …]. A settled one is deleted; one
    whose owner died is freed, and kept for a day so that a late settlement is still counted, once.
    """

    class State(models.TextChoices):
        HELD = "held"
        FREED = "freed"

    run_id = models.UUIDField()
    owner = models.CharField(max_length=120)
    until = models.DateTimeField()
    shares = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "run_id"], name="budget_reserved_once")
        ]
        indexes = [models.Index(fields=["organization_id", "state", "created_at"], name="budget_held")]

    def __str__(self) -> str:
        return f"{self.run_id} ({self.state})"
