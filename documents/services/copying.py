"""A document of somebody's as one of somebody else's, with its file."""

from __future__ import annotations

import uuid

from documents import keeping
from documents.models import DocumentFile
from documents.services import indexing
from documents.services.room import room_for
from documents.store import Card, Draft, store_of
from humana.kernel.models import new_id
from tenants.context import current_tenant
from tenants.jobs import enqueue_on_commit
from tenants.transactions import tenant_atomic


def copy_document(draft: Draft, file: DocumentFile | None) -> Card:
    """Keep the draft as a document with a copy of that file, which may be of another placement.

    The content is copied by a worker, which then reads it; until then the copy is given out from where the
    original is. A note has no file, and is found at once. Conflict where the plan has no room for the file.
    """
    with room_for(file.size if file else 0), tenant_atomic():
        card = store_of(current_tenant()).add(draft)
        if file is None:
            indexing.index_text(card, draft.text)
        else:
            _copied(file, card.id, draft.owner_id).save(force_insert=True)
            enqueue_on_commit(indexing.INDEX, document_id=card.id)
    return card


def _copied(file: DocumentFile, document_id: uuid.UUID, owner_id: uuid.UUID) -> DocumentFile:
    same = {name: getattr(file, name) for name in ("name", "media_type", "size", "digest")}
    made = DocumentFile(id=new_id(), document_id=document_id, uploaded_by=owner_id, **same)
    made.key, made.copied_from = keeping.key_of(made.id), file.copied_from or file.key
    return made
