from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.models.organizations import Organization
from tenants.models.placements import Placement


class PlacementJob(BaseModel):
    """Work on where an organization's rows live, step by step, resumed wherever it was cut off.

    `step` is the next one to do. `report` holds counts, digests and times, never a row; it is signed
    once the job is done. `slug` stays when the organization is gone.
    """

    class Kind(models.TextChoices):
        PROVISION = "provision", _("Set up")
        MOVE = "move", _("Move")
        REMOVE = "remove", _("Remove")
        CLEAR = "clear", _("Clear what was left")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        FAILED = "failed", _("Needs an operator")
        DONE = "done", _("Done")
        UNDONE = "undone", _("Rolled back")

    LIVE = frozenset({State.RUNNING, State.FAILED})

    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.SET_NULL, related_name="placement_jobs"
    )
    slug = models.CharField(_("address"), max_length=50)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    source = models.ForeignKey(
        Placement, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("from")
    )
    target = models.ForeignKey(
        Placement, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("to")
    )
    step = models.CharField(_("step"), max_length=24, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("problem"), max_length=2000, blank=True)
    retry_at = models.DateTimeField(_("next attempt"), null=True)
    report = models.JSONField(_("report"), default=dict)
    signature = models.CharField(_("signature"), max_length=64, blank=True)
    started_by = models.UUIDField(null=True)
    keep_until = models.DateTimeField(_("source kept until"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("placement job")
        verbose_name_plural = _("placement jobs")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "retry_at"], name="placement_job_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.slug}"

    @property
    def problem(self) -> str:
        """What stopped it, in the reader's language where the sentence names nothing."""
        return gettext(self.error) if self.error else ""
