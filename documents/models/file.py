"""The file that a document was made from."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.contract import LONGEST_NAME, LONGEST_TYPE
from tenants.fields import ProtectedJSONField
from tenants.scoping import OrganizationScoped


class DocumentFile(OrganizationScoped):
    """What somebody sent: its content is in the organization's storage, its text is the document's.

    `document_id` is the document's, wherever its text is kept. `key` is the name in the storage, made by
    us; `copied_from` that of the file that this one is still to be copied from. `name` is as it was sent,
    cleaned; `media_type` follows from the content; `digest` is SHA-256 in hex. `problem` is a code, said in
    words by `documents.problems`; a file that is ready may have one too: pictures of it that were not read.
    `cut` says that the text went on. `seen` is how far its pictures are read (`extraction.seen`), while they
    are, and where some could not be.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("Waiting")
        EXTRACTING = "extracting", _("Being read")
        INDEXING = "indexing", _("Being indexed")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Not readable")

    #: What a worker still has to do something for.
    UNDER_WAY = (State.RECEIVED, State.EXTRACTING, State.INDEXING)

    document_id = models.UUIDField(editable=False)
    uploaded_by = models.UUIDField(editable=False)
    key = models.CharField(max_length=120, editable=False)
    copied_from = models.CharField(max_length=120, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    media_type = models.CharField(_("type"), max_length=LONGEST_TYPE, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), editable=False)
    digest = models.CharField(_("SHA-256"), max_length=64, editable=False)
    purpose = models.CharField(max_length=20, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RECEIVED)
    progress = models.PositiveSmallIntegerField(default=0, editable=False)
    problem = models.CharField(max_length=40, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    passages = models.PositiveIntegerField(default=0, editable=False)
    cut = models.BooleanField(default=False, editable=False)
    seen = ProtectedJSONField(null=True, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "document_id"], name="document_file_once")
        ]
        indexes = [
            models.Index(fields=["organization_id", "uploaded_by", "state"], name="document_file_by_person")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def failed(self) -> bool:
        return self.state == self.State.FAILED

    @property
    def under_way(self) -> bool:
        return self.state in self.UNDER_WAY
