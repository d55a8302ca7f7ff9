from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from documents import permissions  # noqa: F401  declares this app's permissions
        from documents.queries import place_of_folder
        from documents.store import erase_elsewhere, stored_elsewhere
        from humana.kernel import ports
        from tenants.places import finders

        finders.add("folder_id", place_of_folder)
        ports.erase_elsewhere.fill(erase_elsewhere)
        ports.stored_elsewhere.fill(stored_elsewhere)
