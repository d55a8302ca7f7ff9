"""Markers in the control plane: which organizations have something to sweep."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS, connections, router
from django.utils import timezone

from humana.kernel.models import new_id
from tenants.context import TenantContext, current_tenant, use_tenant
from tenants.models import Organization, PendingWork
from tenants.queries import further_of
from tenants.transactions import before_commit, control_atomic, on_tenant_commit, tenant_atomic

log = logging.getLogger(__name__)

#: No transaction lasts longer than this.
FRESH = timedelta(minutes=1)

_MARK = """
    INSERT INTO tenants_pendingwork (id, organization_id, kind, created_at, updated_at)
    VALUES (%s, %s, %s, now(), now())
    ON CONFLICT (organization_id, kind) DO UPDATE SET updated_at = excluded.updated_at
"""


def mark_pending(organization_id: uuid.UUID, kind: str) -> None:
    """Note that there is work, as the last word of the current transaction.

    The upsert holds the marker until the commit, so a sweep that deletes it waits and then sees
    the work. Where the work is in another database than the marker nothing is held: there it is
    written again after the commit, and a sweep leaves a fresh one alone.
    """
    before_commit(lambda: _upsert(organization_id, kind))
    if current_tenant().placement.alias != DEFAULT_DB_ALIAS:
        on_tenant_commit(lambda: _upsert(organization_id, kind))


def _upsert(organization_id: uuid.UUID, kind: str) -> None:
    with connections[router.db_for_write(PendingWork)].cursor() as cursor:
        cursor.execute(_MARK, [new_id(), organization_id, kind])


def sweep_pending(kind: str, work: Callable[[], object], left: Callable[[], bool]) -> None:
    """Do `work` in every organization with a marker; one that cannot be reached keeps nobody waiting.

    In its further placements too: the main one goes first.

    A marker is deleted in the transaction that looks whether anything is left, so whoever adds work
    meanwhile either waits and sets it anew, or is seen; a sweep that dies leaves it.
    """
    marked = PendingWork.objects.filter(kind=kind).values_list("organization_id", flat=True)
    marked = marked.exclude(organization__state=Organization.State.PROVISIONING)  # no tables yet
    for organization_id in list(marked):
        try:
            with use_tenant(organization_id) as main:
                work()
                further = [_swept(place, work, left) for place in further_of(main)]
                with control_atomic(), tenant_atomic():
                    _clear(organization_id, kind)
                    if left() or any(further):
                        mark_pending(organization_id, kind)
        except Exception:
            log.exception("sweep failed", extra={"organization": str(organization_id), "kind": kind})


def _swept(place: TenantContext, work: Callable[[], object], left: Callable[[], bool]) -> bool:
    """Whether anything is left there; where that cannot be told, there is."""
    try:
        with use_tenant(place):
            work()
            return left()
    except Exception:
        log.exception("sweep failed in a further placement", extra={"placement": str(place.placement.id)})
        return True


def _clear(organization_id: uuid.UUID, kind: str) -> None:
    """Delete the marker; one that a transaction in another database may still need stays."""
    markers = PendingWork.objects.filter(organization_id=organization_id, kind=kind)
    if current_tenant().mixed or current_tenant().placement.alias != DEFAULT_DB_ALIAS:
        markers = markers.filter(updated_at__lt=timezone.now() - FRESH)
    markers.delete()
