"""Files of the brand: logos, palettes, templates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.scoping import OrganizationScoped, Removable


class BrandAsset(OrganizationScoped, Removable):
    """A file of the brand; the row in the main placement, the content in the organization's storage.

    `media_type` follows from the content, and `name` ends as files of that type do. `digest` is SHA-256
    in hex. `key` is the name in the storage, made by us and never by whoever uploads. A removed one
    keeps its file, so that it can come back.
    """

    class Kind(models.TextChoices):
        LOGO = "logo", _("Logo")
        PALETTE = "palette", _("Palette")
        TEMPLATE = "template", _("Template")
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.OTHER)
    media_type = models.CharField(_("type"), max_length=100, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), editable=False)
    digest = models.CharField(_("SHA-256"), max_length=64, editable=False)
    key = models.CharField(max_length=120, editable=False)
    uploaded_by = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(OrganizationScoped.Meta):
        verbose_name = _("brand asset")
        verbose_name_plural = _("brand assets")
        ordering = ["kind", "name", "id"]
        indexes = [models.Index(fields=["organization_id", "kind", "name"], name="brand_asset_order")]

    def __str__(self) -> str:
        return self.name
