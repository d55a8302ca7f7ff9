"""Who may reach whom, where the organization says so itself."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models.companions import Companion
from tenants.scoping import OrganizationScoped, TenantForeignKey


class CompanionAccess(OrganizationScoped):
    """From one companion to another, or to a team with all below it: allowed or denied.

    Goes before what `companions.access` computes; a denial goes before everything. `rights` is empty
    for all of them. `aim_id` is whichever of the two is named, so that each pair has one rule.
    """

    source = TenantForeignKey(
        Companion, models.CASCADE, related_name="rules", verbose_name=_("from companion")
    )
    target = TenantForeignKey(
        Companion,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rules_to",
        verbose_name=_("to companion"),
    )
    team_id = models.UUIDField(_("to team"), null=True, blank=True)
    aim_id = models.UUIDField(editable=False)
    allow = models.BooleanField(_("allowed"), default=False)
    rights = models.JSONField(_("rights"), default=list, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("access rule")
        verbose_name_plural = _("access rules")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "aim_id"], name="companion_access_once"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "target"], name="companion_access_to")]

    def __str__(self) -> str:
        return f"{self.source} → {self.target or self.team_id}"

    @property
    def aim(self) -> uuid.UUID | None:
        """The companion or the team that it is about."""
        return self.target_id or self.team_id
