"""Files on their way from one storage to another."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from humana.kernel.models import BaseModel
from tenants.models import Organization


class StorageCopy(BaseModel):
    """What an organization has at one storage is brought to another. Ids and counts only.

    An empty `source_id` or `target_id` is the platform's own storage. Read outside every context, by whoever
    goes on with it.
    """

    class State(models.TextChoices):
        COPYING = "copying", _("Being copied")
        FAILED = "failed", _("Stopped")
        DONE = "done", _("Done")
        UNDONE = "undone", _("Given up")

    LIVE = frozenset({State.COPYING, State.FAILED})

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=16)
    source_id = models.UUIDField(null=True, editable=False)
    target_id = models.UUIDField(null=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.COPYING)
    found = models.PositiveIntegerField(_("found"), default=0)
    copied = models.PositiveIntegerField(_("copied"), default=0)
    kept = models.PositiveIntegerField(_("there already"), default=0)
    bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    code = models.CharField(max_length=32, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("copy of files")
        verbose_name_plural = _("copies of files")
        ordering = ["-created_at"]
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "role"],
                name="byoc_copy_once",
                condition=models.Q(state__in=["copying", "failed"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.role}: {self.copied}/{self.found}"


class StorageObject(BaseModel):
    """What is known of one object while it is between two storages; gone when that is over."""

    class What(models.TextChoices):
        COPIED = "copied", _("Copied")
        DELETED = "deleted", _("Deleted meanwhile")
        AT_BACKUP = "backup", _("At the backup")
        TO_DELETE = "gone", _("To be deleted at the primary")

    OF_COPIES = frozenset({What.COPIED, What.DELETED})
    OF_BACKUPS = frozenset({What.AT_BACKUP, What.TO_DELETE})

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=16)
    ledger = models.CharField(max_length=8, choices=[("copy", "copy"), ("backup", "backup")])
    name = models.CharField(max_length=1024)
    what = models.CharField(max_length=8, choices=What.choices)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("object between storages")
        verbose_name_plural = _("objects between storages")
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "role", "ledger", "name"], name="byoc_object_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"
