"""Passages of what companions are told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.fields import WordsField
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped, TenantForeignKey


class Chunk(OrganizationScoped):
    """A passage of something that companions are told: of an asset of knowledge, or of a document.

    `title` is its source's, `place` the heading or page it stands under, `language` one of
    `documents.languages`. `words` is what search reads, beside what PostgreSQL keeps of it by itself
    (`documents.columns`). `form` says in which way these were made: those of an older way are made anew. Its
    meaning is in `ChunkVector`, made later. Whoever owns the source deletes its passages. `vector` and
    `vector_model` are not written any more; the next release drops them.
    """

    class Of(models.TextChoices):
        KNOWLEDGE = "knowledge", _("Knowledge")
        DOCUMENT = "document", _("Document")

    source_kind = models.CharField(max_length=12, choices=Of.choices)
    source_id = models.UUIDField()
    source_version = models.PositiveIntegerField()
    ordinal = models.PositiveIntegerField()
    title = models.CharField(max_length=200, blank=True, default="", db_default="")
    place = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=2, blank=True, default="", db_default="")
    form = models.PositiveSmallIntegerField(default=0, db_default=0)
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
        indexes = [models.Index(fields=["organization_id", "form"], name="chunk_by_form")]


class ChunkVector(OrganizationScoped):
    """What a passage means to one model of embeddings, as little-endian float32 of length 1.

    `model` is its name and dimensions: only vectors of one model are compared. While the model is being
    changed a passage may have two.
    """

    chunk = TenantForeignKey(Chunk, models.CASCADE, related_name="vectors")
    model = models.CharField(max_length=120)
    vector = models.BinaryField()

    class Meta(OrganizationScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "chunk", "model"], name="chunk_vector_once")
        ]
        indexes = [models.Index(fields=["organization_id", "model", "chunk"], name="chunk_vector_by_model")]
