"""Markers in the control plane: which organizations have something to sweep."""

from __future__ import annotations

import uuid

from tenants.models import PendingWork
from tenants.transactions import before_commit


def mark_pending(organization_id: uuid.UUID, kind: str) -> None:
    """Note that there is work, as the last word of the current transaction.

    The upsert holds the marker until the commit, so a sweep that deletes it waits and then sees
    the work. That needs the placement in the default database; elsewhere the sweep is only later.
    """
    before_commit(lambda: _upsert(organization_id, kind))


def _upsert(organization_id: uuid.UUID, kind: str) -> None:
    PendingWork.objects.bulk_create(
        [PendingWork(organization_id=organization_id, kind=kind)],
        update_conflicts=True,
        update_fields=["updated_at"],
        unique_fields=["organization", "kind"],
    )


def organizations_with(kind: str) -> list[uuid.UUID]:
    return list(PendingWork.objects.filter(kind=kind).values_list("organization_id", flat=True))


def clear_pending(organization_id: uuid.UUID, kind: str) -> None:
    PendingWork.objects.filter(organization_id=organization_id, kind=kind).delete()
