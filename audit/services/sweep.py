"""What was left lying: overdue outbox items and events not yet in the trail.

Only organizations with a marker are looked at, and one that cannot be reached does not keep the
others waiting. A marker is deleted in the transaction that looks whether anything is left, so
whoever adds work meanwhile either waits and sets it anew, or is seen; a sweep that dies leaves it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from audit.services.idempotency import forget_older_than
from audit.services.outbox import anything_pending, publish_due
from audit.services.relay import anything_to_relay, relay_control_events
from tenants.context import use_tenant
from tenants.models import PendingWork
from tenants.queries import working_organizations
from tenants.services.pending import clear_pending, mark_pending, organizations_with
from tenants.transactions import tenant_atomic

log = logging.getLogger(__name__)

#: How long the answer to a named request can be repeated.
KEPT_FOR = timedelta(hours=24)
#: Outbox items published again for one organization in one sweep.
MOST_ITEMS = 200


def sweep() -> None:
    """Relay events, then wake workers for overdue items, organization by organization."""
    for organization_id in organizations_with(PendingWork.Kind.CONTROL_EVENT):
        _look(organization_id, PendingWork.Kind.CONTROL_EVENT, relay_control_events, anything_to_relay)
    for organization_id in organizations_with(PendingWork.Kind.OUTBOX):
        _look(organization_id, PendingWork.Kind.OUTBOX, _publish_due, anything_pending)


def forget_idempotency_keys() -> None:
    """Answers are kept for a day; every organization is visited, an hour apart."""
    before = timezone.now() - KEPT_FOR
    for context in working_organizations():
        with use_tenant(context):
            forget_older_than(at=before)


def _look(organization_id: uuid.UUID, kind: str, work: Callable[[], int], left: Callable[[], bool]) -> None:
    try:
        with use_tenant(organization_id):
            work()
            with tenant_atomic():
                clear_pending(organization_id, kind)
                if left():
                    mark_pending(organization_id, kind)
    except Exception:
        log.exception("sweep failed", extra={"organization": str(organization_id), "kind": kind})


def _publish_due() -> int:
    return publish_due(at=timezone.now(), limit=MOST_ITEMS)
