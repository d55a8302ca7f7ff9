"""The documents of organizations that keep them beside their rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.contract import LONGEST_NAME, LONGEST_TYPE, now
from documents.fields import WordsField
from documents.models.folder import Folder
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, Removable, TenantForeignKey


class Document(OrganizationScoped, Removable):
    """The card of a document whose text the row store keeps. See `documents.contract.Card`.

    `sort_name` is the name without accents and case. Moments have milliseconds, as in every store.
    """

    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)
    owner_id = models.UUIDField()
    folder = TenantForeignKey(
        Folder, models.SET_NULL, null=True, blank=True, related_name="documents", verbose_name=_("folder")
    )
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    sort_name = models.CharField(max_length=LONGEST_NAME, editable=False)
    media_type = models.CharField(_("type"), max_length=LONGEST_TYPE)
    version = models.PositiveIntegerField(default=1, editable=False)
    size = models.PositiveIntegerField(_("bytes"), editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["sort_name", "id"]
        indexes = [
            models.Index(
                fields=["organization_id", "owner_id", "folder", "sort_name", "id"], name="document_by_name"
            ),
            models.Index(
                fields=["organization_id", "owner_id", "folder", "updated_at", "id"],
                name="document_by_date",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DocumentVersion(OrganizationScoped):
    """One version of a document's text; never changed."""

    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)
    document = TenantForeignKey(Document, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = ProtectedTextField(blank=True)
    size = models.PositiveIntegerField()
    author_id = models.UUIDField()

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "document", "number"], name="document_version_number"
            )
        ]


class DocumentWords(OrganizationScoped):
    """The words of a document's name and latest text: what search reads."""

    document = TenantForeignKey(Document, models.CASCADE, related_name="searched")
    words = WordsField(default=" ")

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "document"], name="document_words_once")
        ]
