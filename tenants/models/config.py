from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.models.organizations import Organization


class ConfigValue(BaseModel):
    """What is said about one configuration key at one place. Without an organization it is the platform's.

    `subject` is the team's or the person's id. `has_value` tells an unset value from one that is null.
    A secret's value is in `sealed`, bound to organization, layer, subject and key, and nowhere else.
    """

    class Layer(models.TextChoices):
        GLOBAL = "global", _("Humana")
        ORGANIZATION = "organization", _("Organization")
        TEAM = "team", _("Team")
        USER = "user", _("Personal")

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="config_values"
    )
    layer = models.CharField(_("layer"), max_length=16, choices=Layer.choices)
    subject = models.UUIDField(_("of whom"), null=True, blank=True)
    key = models.CharField(_("key"), max_length=80)
    has_value = models.BooleanField(default=False)
    value = models.JSONField(_("value"), null=True, blank=True)
    sealed = models.TextField(blank=True, editable=False)
    locked = models.BooleanField(_("locked"), default=False)
    cap = models.JSONField(_("at most"), null=True, blank=True)
    floor = models.JSONField(_("at least"), null=True, blank=True)
    set_by = models.CharField(_("set by"), max_length=254, blank=True)
    set_by_id = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = _("configuration value")
        verbose_name_plural = _("configuration")
        ordering = ["key", "layer"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "layer", "subject", "key"],
                name="config_value_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(layer="global", organization=None)
                | (~models.Q(layer="global") & models.Q(organization__isnull=False)),
                name="config_value_has_its_organization",
            ),
            models.CheckConstraint(
                condition=models.Q(layer__in=["global", "organization"], subject=None)
                | models.Q(layer__in=["team", "user"], subject__isnull=False),
                name="config_value_has_its_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.layer})"
