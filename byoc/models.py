"""Addresses of the outside world, with sealed credentials. Always in the default database."""

from __future__ import annotations

from django.db import models
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.models import Organization


class Endpoint(BaseModel):
    """One address and how to sign in there: the platform's own, or an organization's.

    `origin` is scheme, host and port; empty is the platform's own server of that type. `credentials`
    is sealed JSON, bound to the organization, the row and the origin: changed in any of them, it no
    longer opens. `version` counts changes; it is part of a database's alias.
    """

    class Kind(models.TextChoices):
        DATABASE = "database", _("Database")

    class State(models.TextChoices):
        READY = "ready", _("Ready")
        CLOSED = "closed", _("Closed")

    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="endpoints"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    role = models.CharField(_("role"), max_length=16, default="primary")
    type = models.CharField(_("type"), max_length=24)
    name = models.CharField(_("name"), max_length=80)
    origin = models.CharField(_("address"), max_length=300, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    credentials = models.TextField(blank=True, editable=False)
    zone = models.CharField(_("sovereignty zone"), max_length=40, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.READY)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")
        ordering = ["name"]
        constraints = (
            models.UniqueConstraint(
                "origin",
                KT("options__database"),
                name="byoc_endpoint_brought_once",
                condition=models.Q(organization__isnull=False, role="primary") & ~models.Q(origin=""),
            ),
        )

    def __str__(self) -> str:
        return self.name
