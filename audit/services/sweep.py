"""What was left lying: overdue outbox items and events not yet in the trail.

Only organizations with a marker are looked at. The marker goes first: whoever adds work meanwhile
sets it again, and what remains here sets it again too.
"""

from __future__ import annotations

import uuid

from django.utils import timezone

from audit.models import Outbox
from audit.services.outbox import due_items
from audit.services.relay import relay_control_events
from tenants.context import use_tenant
from tenants.jobs import publish
from tenants.models import PendingWork
from tenants.services.pending import clear_pending, mark_pending, organizations_with

#: Outbox items published again for one organization in one sweep.
MOST_ITEMS = 200


def sweep() -> None:
    for organization_id in organizations_with(PendingWork.Kind.CONTROL_EVENT):
        clear_pending(organization_id, PendingWork.Kind.CONTROL_EVENT)
        with use_tenant(organization_id):
            relay_control_events()
    for organization_id in organizations_with(PendingWork.Kind.OUTBOX):
        clear_pending(organization_id, PendingWork.Kind.OUTBOX)
        with use_tenant(organization_id):
            _publish_due(organization_id)


def _publish_due(organization_id: uuid.UUID) -> None:
    for item in due_items(at=timezone.now(), limit=MOST_ITEMS):
        publish(item.task, organization_id, item.arguments, item.id)
    if Outbox.objects.filter(state=Outbox.State.PENDING).exists():
        mark_pending(organization_id, PendingWork.Kind.OUTBOX)
