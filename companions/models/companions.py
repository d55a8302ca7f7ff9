"""Who the companions are, and the prompts they were given."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import ProtectedTextField
from tenants.models.organizations import slug_rule
from tenants.scoping import OrganizationScoped, Removable


class Companion(OrganizationScoped, Removable):
    """A configured assistant. `team_id` and `position_id` name rows of the control plane.

    `model` is empty for the organization's default model.

    The row in the organization's main placement is the companion's entry, which lists and pickers
    read. Where `placement_id` is set that entry is all there is here: the companion itself, with the
    same id, its base prompt and its chats, is stored whole in that further placement.
    """

    class Language(models.TextChoices):
        PT_BR = "pt-br", "Português (Brasil)"
        EN = "en", "English"

    class Access(models.TextChoices):
        """Which other companions may reach this one, unless an explicit rule says otherwise."""

        PUBLIC = "public", _("Everyone in the organization")
        DEPARTMENT = "department", _("Its department")
        TEAM = "team", _("Its team")
        RESTRICTED = "restricted", _("Only who is named")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")

    slug = models.CharField(_("address"), max_length=50, validators=[slug_rule])
    name = models.CharField(_("name"), max_length=80)
    purpose = models.CharField(_("purpose"), max_length=200)
    base_prompt = models.TextField(_("base prompt"), max_length=8000)
    language = models.CharField(
        _("language"), max_length=10, choices=Language.choices, default=Language.PT_BR
    )
    model = models.CharField(_("model"), max_length=120, blank=True)
    team_id = models.UUIDField(_("team"), null=True, blank=True)
    position_id = models.UUIDField(_("position"), null=True, blank=True)
    access = models.CharField(_("reached by"), max_length=12, choices=Access.choices, default=Access.PUBLIC)
    starters = models.JSONField(_("example questions"), default=list, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    placement_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("companion")
        verbose_name_plural = _("companions")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "slug"], name="companion_slug_once")
        ]
        indexes = [models.Index(fields=["organization_id", "name"], name="companion_by_name")]

    def __str__(self) -> str:
        return self.name


class PromptSnapshot(OrganizationScoped):
    """The system prompt some answer was given under, once per content: `digest` is its SHA-256."""

    digest = models.CharField(max_length=64)
    text = ProtectedTextField()

    class Meta(OrganizationScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["organization_id", "digest"], name="prompt_once")]
