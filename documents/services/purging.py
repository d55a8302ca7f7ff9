"""What was in the trash long enough goes for good: card, text, passages, file. Once an hour, everywhere."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from datetime import timedelta

from documents import contract, keeping
from documents.config_keys import TRASH_DAYS
from documents.models import DocumentFile
from documents.services import indexing
from documents.services.indexing import OF
from documents.services.passages import drop_passages
from documents.services.sharing import forget_shares
from documents.store import store_of
from humana.kernel.errors import Conflict, NotFound
from humana.kernel.ports import forget_quotes, record_trail
from tenants.config.resolver import resolve_for
from tenants.context import current_tenant, use_tenant
from tenants.jobs import enqueue_on_commit
from tenants.places import within
from tenants.queries import working_organizations
from tenants.transactions import tenant_atomic

log = logging.getLogger(__name__)

ERASE = "documents.erase_file"
#: Documents of one organization that go in one visit.
MOST_AT_ONCE = 500


def tidy_everywhere() -> None:
    """Every organization in turn, each for itself: its trash, and files that no worker comes back to."""
    for context in working_organizations():
        try:
            with use_tenant(context):
                purge_due()
                indexing.give_up()
        except Exception:
            where = {"organization": str(context.organization_id), "placement": str(context.placement.id)}
            log.exception("documents were not tidied", extra=where)


def purge_due() -> int:
    """Of the current organization and placement: what went to the trash too long ago; how many."""
    here = current_tenant()
    before = contract.now() - timedelta(days=resolve_for(here.organization_id, TRASH_DAYS))
    due = store_of(here).trashed_before(before, limit=MOST_AT_ONCE)
    for card in due:
        with within("document_id", card.id), suppress(Conflict, NotFound):  # brought back meanwhile
            purge(card.id)
    return len(due)


def purge(document_id: uuid.UUID) -> None:
    """Delete a document from the trash for good, with its file. Conflict for one that is not in it.

    The rows go at once, with what answers quoted of it, the content of the file by a task that is tried until
    it has.
    """
    with tenant_atomic():
        for file in DocumentFile.objects.filter(document_id=document_id):
            enqueue_on_commit(ERASE, file_id=file.id)
            file.delete()
        drop_passages(kind=OF, source_id=document_id)
        forget_shares(document_id)
        forget_quotes(document_id)
        record_trail(action="documents.document.purged", resource_type="document", resource_id=document_id)
        store_of(current_tenant()).purge(document_id)


def erase_file(file_id: uuid.UUID) -> None:
    """For a worker: the content itself, of a file whose row is gone."""
    if not DocumentFile.objects.filter(id=file_id).exists():
        keeping.erase(keeping.key_of(file_id))
