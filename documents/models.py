"""Project folders, the documents of organizations that keep them here, and passages of what is told.

Sharing joins them later.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.contract import LONGEST_NAME, LONGEST_TYPE, now
from documents.fields import WordsField
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, Removable, TenantForeignKey


class Folder(OrganizationScoped, Removable):
    """A project folder of one member; `instructions` join the prompt of chats inside it."""

    owner_id = models.UUIDField()
    parent = TenantForeignKey("self", models.CASCADE, null=True, blank=True, verbose_name=_("inside"))
    name = models.CharField(_("name"), max_length=120)
    instructions = models.TextField(_("instructions"), blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        ordering = ["name"]
        indexes = [models.Index(fields=["organization_id", "owner_id", "name"], name="folder_by_owner")]

    def __str__(self) -> str:
        return self.name


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


class Chunk(OrganizationScoped):
    """A passage of something that companions are told: of an asset of knowledge, later of a document.

    `place` is the heading it stands under. `words` is what search reads. `vector` is its meaning as
    little-endian float32, made later by `vector_model`: only vectors of one model are compared, and a
    passage without one is found by its words. Whoever owns the source deletes its passages.
    """

    class Of(models.TextChoices):
        KNOWLEDGE = "knowledge", _("Knowledge")
        DOCUMENT = "document", _("Document")

    source_kind = models.CharField(max_length=12, choices=Of.choices)
    source_id = models.UUIDField()
    source_version = models.PositiveIntegerField()
    ordinal = models.PositiveIntegerField()
    place = models.CharField(max_length=200, blank=True)
    text = ProtectedTextField()
    words = WordsField(default=" ")
    vector = models.BinaryField(null=True)
    vector_model = models.CharField(max_length=120, blank=True)

    class Meta(OrganizationScoped.Meta):
        ordering = ["source_id", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source_kind", "source_id", "ordinal"], name="chunk_once"
            )
        ]
