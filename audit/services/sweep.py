"""What was left lying: overdue outbox items, events not yet in the trail, reservations of dead owners."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from audit.services.budget_sweep import anything_budgeted, look_after_budgets
from audit.services.idempotency import forget_older_than
from audit.services.outbox import anything_pending, publish_due
from audit.services.relay import anything_to_relay, relay_control_events
from tenants.context import use_tenant
from tenants.models import PendingWork
from tenants.queries import working_organizations
from tenants.services.pending import sweep_pending

log = logging.getLogger(__name__)

#: How long the answer to a named request can be repeated.
KEPT_FOR = timedelta(hours=24)
#: Outbox items published again for one organization in one sweep.
MOST_ITEMS = 200


def sweep() -> None:
    """Relay events, then wake workers for overdue items, organization by organization."""
    sweep_pending(PendingWork.Kind.CONTROL_EVENT, relay_control_events, anything_to_relay)
    sweep_pending(PendingWork.Kind.OUTBOX, _publish_due, anything_pending)
    sweep_pending(PendingWork.Kind.BUDGET, look_after_budgets, anything_budgeted)


def forget_idempotency_keys() -> None:
    """Answers are kept for a day; every organization is visited, an hour apart, each for itself."""
    before = timezone.now() - KEPT_FOR
    for context in working_organizations():
        try:
            with use_tenant(context):
                forget_older_than(at=before)
        except Exception:
            where = {"organization": str(context.organization_id), "placement": str(context.placement.id)}
            log.exception("idempotency keys not forgotten", extra=where)


def _publish_due() -> int:
    return publish_due(at=timezone.now(), limit=MOST_ITEMS)
