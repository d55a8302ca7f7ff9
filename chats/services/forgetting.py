"""What answers quoted of a document that is gone for good."""

from __future__ import annotations

import uuid

from chats.models import Citation
from documents.models import Chunk
from tenants.context import current_tenant, use_tenant
from tenants.db.refusals import FAILURES
from tenants.jobs import enqueue_on_commit
from tenants.places import everywhere

FORGET = "chats.forget_quotes"


def forget_quotes(document_id: uuid.UUID) -> None:
    """In the caller's transaction: the number and its kind stay, for the answer's text names them.

    A conversation that was handed over may be in another placement: there a worker does it.
    """
    _empty(document_id)
    if current_tenant().mixed:
        enqueue_on_commit(FORGET, document_id=document_id)


def forget_everywhere(document_id: uuid.UUID) -> None:
    """For a worker. One that does not answer keeps no other waiting, and is raised for another try."""
    failed: Exception | None = None
    for place in everywhere():
        try:
            with use_tenant(place):
                _empty(document_id)
        except FAILURES as error:
            failed = error
    if failed is not None:
        raise failed


def _empty(document_id: uuid.UUID) -> None:
    rows = Citation.objects.filter(source_kind=Chunk.Of.DOCUMENT, source_id=document_id)
    rows.update(title="", place="", quote="")
