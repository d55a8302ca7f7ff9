from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = _("Documents")

    def ready(self) -> None:
        # Declared as they are imported.
        from documents import config_keys, permissions, tasks_meaning  # noqa: F401
        from documents.models import Chunk
        from documents.queries import place_of_document, place_of_folder, place_of_share
        from documents.services import renewing, rewriting
        from documents.services.room import stored_bytes
        from documents.store import erase_elsewhere, stored_elsewhere
        from humana.kernel import ports
        from tenants.places import finders

        finders.add("folder_id", place_of_folder)
        finders.add("document_id", place_of_document)
        finders.add("share_id", place_of_share)
        rewriting.titles.add(Chunk.Of.DOCUMENT, rewriting.names_of_documents)
        ports.embeddings_changed.fill(renewing.embeddings_changed)
        ports.erase_elsewhere.fill(erase_elsewhere)
        ports.stored_bytes.fill(stored_bytes)
        ports.stored_elsewhere.fill(stored_elsewhere)
