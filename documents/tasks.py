from __future__ import annotations

import uuid

from celery import shared_task

from documents.services import indexing, purging
from tenants.jobs import tenant_task


@tenant_task(indexing.INDEX)
def index(document_id: str) -> None:
    indexing.index(uuid.UUID(document_id))


@tenant_task(indexing.EMBED)
def embed(document_id: str) -> None:
    indexing.embed(uuid.UUID(document_id))


@tenant_task(purging.ERASE)
def erase_file(file_id: str) -> None:
    purging.erase_file(uuid.UUID(file_id))


@shared_task(name="documents.tidy")
def tidy() -> None:
    purging.tidy_everywhere()
