from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.context import TenantContext
from tenants.models.placements import Placement


class Plan(models.TextChoices):
    FREE = "free", _("Free")
    PRO = "pro", _("Pro")
    BUSINESS = "business", _("Business")
    ENTERPRISE = "enterprise", _("Enterprise")


class Regulation(models.TextChoices):
    LGPD = "LGPD", "LGPD"
    GDPR = "GDPR", "GDPR"
    HIPAA = "HIPAA", "HIPAA"
    SOX = "SOX", "SOX"
    PCI = "PCI", "PCI DSS"


slug_rule = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?\Z", _("Use small letters, digits and hyphens.")
)


class Organization(BaseModel):
    """The customer. Read before any context exists, so not under row-level security.

    Nobody begins to write for it before `frozen_until`, while its last rows are carried elsewhere.
    """

    class State(models.TextChoices):
        PROVISIONING = "provisioning", _("Being set up")
        ACTIVE = "active", _("Active")
        MOVING = "moving", _("Moving")
        SUSPENDED = "suspended", _("Suspended")
        REMOVING = "removing", _("Being removed")

    slug = models.CharField(_("address"), max_length=50, unique=True, validators=[slug_rule])
    name = models.CharField(_("name"), max_length=120)
    plan = models.CharField(_("plan"), max_length=16, choices=Plan.choices, default=Plan.FREE)
    placement = models.ForeignKey(
        Placement, on_delete=models.PROTECT, related_name="organizations", verbose_name=_("placement")
    )
    mixed = models.BooleanField(_("in several placements"), default=False, editable=False)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    zone = models.CharField(_("sovereignty zone"), max_length=40, blank=True)
    regulations = models.JSONField(_("regulations"), default=list, blank=True)
    language = models.CharField(_("language"), max_length=10, default="pt-br")
    time_zone = models.CharField(_("time zone"), max_length=64, default="America/Sao_Paulo")
    currency = models.CharField(_("currency"), max_length=3, default="BRL")
    frozen_until = models.DateTimeField(null=True, editable=False)
    retention_days = models.PositiveIntegerField(_("keep the trail for (days)"), null=True, blank=True)
    seats = models.PositiveIntegerField(
        _("members at most"), null=True, blank=True, help_text=_("Empty: as its plan says.")
    )
    stored_gigabytes = models.PositiveIntegerField(
        _("documents at most (GB)"), null=True, blank=True, help_text=_("Empty: as its plan says.")
    )

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def context(self) -> TenantContext:
        """What use_tenant needs; loads the placement if it was not joined."""
        return self.at(self.placement)

    def at(self, placement: Placement) -> TenantContext:
        """The same, at another placement: one that is being prepared, or was left."""
        return TenantContext(
            organization_id=self.id,
            slug=self.slug,
            placement=placement.ref,
            regulations=tuple(self.regulations),
            retention_days=self.retention_days,
            mixed=self.mixed,
        )


class OrganizationSlug(BaseModel):
    """An address the organization used to have; it redirects for good."""

    slug = models.CharField(max_length=50, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="former_slugs")

    def __str__(self) -> str:
        return self.slug
