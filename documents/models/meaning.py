"""Which model of embeddings an organization's passages are compared by, and how far a change of it is."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.scoping import OrganizationScoped


class Meaning(OrganizationScoped):
    """One row of an organization in each placement, from its first vector on.

    `serving` is the model that questions are compared by, `wanted` the one that it has now: while they
    differ, passages are given vectors of the wanted one, and keep the others until all are done.
    `busy_until` is until when a worker is at it; `problem` why the last one stopped.
    """

    class State(models.TextChoices):
        STEADY = "steady", _("All passages are up to date")
        RENEWING = "renewing", _("Passages are being read anew")
        WAITING = "waiting", _("The model does not answer")

    serving = models.CharField(max_length=120, blank=True)
    wanted = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.STEADY)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=60, blank=True)
    busy_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(OrganizationScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["organization_id"], name="meaning_once")]
