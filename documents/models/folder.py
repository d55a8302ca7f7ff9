"""Project folders."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

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
