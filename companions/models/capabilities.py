"""What companions can do beside talking, who of them is given it, and how often it was used."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models.companions import Companion
from companions.models.knowledge import LEVEL, KnowledgeAsset
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, Removable, TenantForeignKey


class Capability(OrganizationScoped, Removable):
    """A skill (instructions that join the prompt), knowledge (an asset), or an integration or tool.

    `tool_id` names a tool without a reference: it may be gone, and being given a capability gives
    nobody a right to call one. Who is given it follows from `level` around `team_id`, and from rules.
    """

    class Kind(models.TextChoices):
        SKILL = "skill", _("Skill")
        KNOWLEDGE = "knowledge", _("Knowledge")
        INTEGRATION = "integration", _("Integration")
        TOOL = "tool", _("Tool")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=400, blank=True)
    instructions = ProtectedTextField(_("instructions"), blank=True)
    asset = TenantForeignKey(
        KnowledgeAsset, models.SET_NULL, null=True, blank=True, related_name="capabilities"
    )
    tool_id = models.UUIDField(_("tool"), null=True, blank=True)
    level = models.CharField(_("who is given it"), **LEVEL)
    team_id = models.UUIDField(_("team"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("capability")
        verbose_name_plural = _("capabilities")
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["organization_id", "name", "id"], name="capability_by_name")]

    def __str__(self) -> str:
        return self.name


class CapabilityGrant(OrganizationScoped):
    """A companion that is given a capability, and the code that says why. Computed from the structure.

    What a page counts; whether a companion really is given it is asked anew at the time of use.
    """

    capability = TenantForeignKey(Capability, models.CASCADE, related_name="grants")
    companion = TenantForeignKey(Companion, models.CASCADE, related_name="grants")
    why = models.CharField(max_length=20)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("beneficiary")
        verbose_name_plural = _("beneficiaries")
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "capability", "companion"], name="capability_grant_once"
            )
        ]


class SharedUse(OrganizationScoped):
    """One answer that was made with an asset or a capability. `subject_id` is whichever it was."""

    asset = TenantForeignKey(KnowledgeAsset, models.CASCADE, null=True, related_name="uses")
    capability = TenantForeignKey(Capability, models.CASCADE, null=True, related_name="uses")
    subject_id = models.UUIDField()
    run_id = models.UUIDField()
    companion_id = models.UUIDField()
    member_id = models.UUIDField()

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("use")
        verbose_name_plural = _("uses")
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "run_id", "subject_id"], name="shared_use_once"
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "subject_id", "created_at"], name="shared_use_of"),
            models.Index(
                fields=["organization_id", "companion_id", "created_at"], name="shared_use_by_companion"
            ),
            models.Index(fields=["organization_id", "created_at"], name="shared_use_by_time"),
        ]
