"""What companions inherit: values, policies, brand."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.scoping import OrganizationScoped, TenantForeignKey


class Value(OrganizationScoped):
    """What the organization stands for; every companion is told."""

    title = models.CharField(_("title"), max_length=80)
    description = models.CharField(_("description"), max_length=400)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("value")
        verbose_name_plural = _("values")
        ordering = ["position", "created_at"]
        indexes = [models.Index(fields=["organization_id", "position"], name="value_order")]

    def __str__(self) -> str:
        return self.title


class Mode(models.TextChoices):
    """What happens where a check of a policy finds something."""

    MONITOR = "monitor", _("Note it")
    BLOCK = "block", _("Stop it")


MODE: dict[str, Any] = {"max_length": 8, "choices": Mode.choices, "default": Mode.BLOCK}


class Policy(OrganizationScoped):
    """A rule of the organization. `requirement` is what is in force; each change keeps a PolicyVersion.

    `audience` is empty where every companion is told; otherwise lists of ids under `teams` (with all
    below them), `positions` and `companions`. `checks` are enforced, not only told: see
    `companions.checks`; in MONITOR mode what they find is only noted.
    """

    name = models.CharField(_("name"), max_length=120)
    regulation = models.CharField(_("regulation"), max_length=60)
    requirement = models.TextField(_("requirement"), max_length=2000)
    active = models.BooleanField(_("in force"), default=True)
    audience = models.JSONField(_("applies to"), default=dict, blank=True)
    checks = models.JSONField(_("checks"), default=list, blank=True)
    mode = models.CharField(_("where a check finds something"), **MODE)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["position", "created_at"]
        indexes = [models.Index(fields=["organization_id", "position"], name="policy_order")]

    def __str__(self) -> str:
        return self.name


class PolicyVersion(OrganizationScoped):
    """A policy as it was published; answers point at these.

    `name` is empty for what was published before names were kept: it has the policy's then.
    """

    policy = TenantForeignKey(Policy, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(_("name"), max_length=120, blank=True)
    regulation = models.CharField(max_length=60)
    requirement = models.TextField()
    active = models.BooleanField(default=True)
    audience = models.JSONField(default=dict)
    checks = models.JSONField(default=list)
    mode = models.CharField(**MODE)
    published_by = models.UUIDField(null=True)

    class Meta(OrganizationScoped.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "policy", "number"], name="policy_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def named(self) -> str:
        """What the policy was called then."""
        return self.name or self.policy.name


class Brand(OrganizationScoped):
    """How the organization speaks. One per organization; each change keeps a BrandVersion."""

    voice_and_tone = models.CharField(_("voice and tone"), max_length=400, blank=True)
    style = models.CharField(_("communication style"), max_length=400, blank=True)
    restrictions = models.JSONField(_("do's and don'ts"), default=list, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("brand")
        verbose_name_plural = _("brand")
        constraints = [models.UniqueConstraint(fields=["organization_id"], name="brand_once")]

    def __str__(self) -> str:
        return str(_("Brand"))


class BrandVersion(OrganizationScoped):
    """The brand as it was published; answers point at these."""

    number = models.PositiveIntegerField()
    voice_and_tone = models.CharField(max_length=400, blank=True)
    style = models.CharField(max_length=400, blank=True)
    restrictions = models.JSONField(default=list)
    published_by = models.UUIDField(null=True)

    class Meta(OrganizationScoped.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "number"], name="brand_version_once")
        ]

    def __str__(self) -> str:
        return f"#{self.number}"
