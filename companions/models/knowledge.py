"""What the organization knows and companions share, and who of them is told."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from companions.models.companions import Companion
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, Removable, TenantForeignKey


class Level(models.TextChoices):
    """Who is told something: around its team, from the widest to the narrowest."""

    PUBLIC = "public", _("Everyone in the organization")
    DEPARTMENT = "department", _("Its department")
    TEAM = "team", _("Its team")
    RESTRICTED = "restricted", _("Only who is named")


LEVEL: dict[str, Any] = {"max_length": 12, "choices": Level.choices, "default": Level.PUBLIC}


class KnowledgeAsset(OrganizationScoped, Removable):
    """A text that companions are told passages of. Kept in the main placement; `team_id` names a team.

    The common base is what was written for every companion; what was shared by a companion or a person
    is never told more widely than `widest`. `author_id` is the user who wrote or kept it. Its passages
    are `documents.models.Chunk`.
    """

    class Source(models.TextChoices):
        COMMON = "common", _("Common knowledge")
        COMPANION = "companion", _("Shared by a companion")
        PERSON = "person", _("Shared by a person")

    title = models.CharField(_("title"), max_length=160)
    summary = models.CharField(_("summary"), max_length=400, blank=True)
    text = ProtectedTextField(_("text"))
    language = models.CharField(
        _("language"), max_length=10, choices=Companion.Language.choices, default=Companion.Language.PT_BR
    )
    level = models.CharField(_("who is told"), **LEVEL)
    widest = models.CharField(**{**LEVEL, "editable": False})
    team_id = models.UUIDField(_("team"), null=True, blank=True)
    source = models.CharField(_("from"), max_length=12, choices=Source.choices, default=Source.COMMON)
    author_id = models.UUIDField(null=True, editable=False)
    shared_by = TenantForeignKey(Companion, models.SET_NULL, null=True, related_name="shared_knowledge")
    shared_by_name = models.CharField(_("shared by"), max_length=120, blank=True)
    message_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("knowledge")
        verbose_name_plural = _("knowledge")
        ordering = ["title", "id"]
        indexes = [
            models.Index(fields=["organization_id", "title", "id"], name="knowledge_by_title"),
            models.Index(fields=["organization_id", "message_id"], name="knowledge_of_message"),
        ]

    def __str__(self) -> str:
        return self.title


class KnowledgeVersion(OrganizationScoped):
    """What an asset said at one version; answers point at these."""

    asset = TenantForeignKey(KnowledgeAsset, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    summary = models.CharField(max_length=400, blank=True)
    text = ProtectedTextField()
    written_by = models.UUIDField(null=True)

    class Meta(OrganizationScoped.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "asset", "number"], name="knowledge_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class SharingRule(OrganizationScoped):
    """A companion or a person is told an asset or given a capability, or is not, whatever its level says.

    A denial goes before what is allowed, and that before the level. A denial that names neither asset nor
    capability keeps the whole common base from a companion. `whose_id` and `aim_id` are what is named on
    either side, so that each pair has one rule.
    """

    asset = TenantForeignKey(
        KnowledgeAsset,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rules",
        verbose_name=_("knowledge"),
    )
    capability = TenantForeignKey(
        "companions.Capability",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rules",
        verbose_name=_("capability"),
    )
    companion = TenantForeignKey(
        Companion,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="sharing_rules",
        verbose_name=_("companion"),
    )
    member_id = models.UUIDField(_("person"), null=True, blank=True)
    whose_id = models.UUIDField(editable=False)
    aim_id = models.UUIDField(editable=False)
    allow = models.BooleanField(_("allowed"), default=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("rule of sharing")
        verbose_name_plural = _("rules of sharing")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "whose_id", "aim_id"], name="sharing_rule_once"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "aim_id"], name="sharing_rule_aim")]

    def __str__(self) -> str:
        return f"{'+' if self.allow else '−'} {self.asset or self.capability or '*'}"
