"""Passages of what companions are told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.fields import WordsField
from tenants.fields import ProtectedTextField
from tenants.scoping import OrganizationScoped


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
