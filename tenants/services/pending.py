"""Markers in the control plane: which organizations have something to sweep."""

from __future__ import annotations

import uuid

from django.db import connections, router

from humana.kernel.models import new_id
from tenants.models import PendingWork
from tenants.transactions import before_commit

_MARK = """
    INSERT INTO tenants_pendingwork (id, organization_id, kind, created_at, updated_at)
    VALUES (%s, %s, %s, now(), now())
    ON CONFLICT (organization_id, kind) DO UPDATE SET updated_at = excluded.updated_at
"""


def mark_pending(organization_id: uuid.UUID, kind: str) -> None:
    """Note that there is work, as the last word of the current transaction.

    The upsert holds the marker until the commit, so a sweep that deletes it waits and then sees
    the work. That needs the placement in the default database; elsewhere the sweep is only later.
    """
    before_commit(lambda: _upsert(organization_id, kind))


def _upsert(organization_id: uuid.UUID, kind: str) -> None:
    with connections[router.db_for_write(PendingWork)].cursor() as cursor:
        cursor.execute(_MARK, [new_id(), organization_id, kind])


def organizations_with(kind: str) -> list[uuid.UUID]:
    return list(PendingWork.objects.filter(kind=kind).values_list("organization_id", flat=True))


def clear_pending(organization_id: uuid.UUID, kind: str) -> None:
    PendingWork.objects.filter(organization_id=organization_id, kind=kind).delete()
