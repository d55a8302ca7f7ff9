"""Copies that could not be delivered, or not answered, again and again: put aside until somebody looks."""

from __future__ import annotations

import uuid

from django.utils import timezone

from companions.models import Delivery
from companions.permissions import NETWORK
from companions.services.editing import judge
from companions.services.numbering import next_number
from companions.services.waking import ANSWER, DELIVER, wake
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.jobs import enqueue_on_commit
from tenants.models import Membership, PendingWork
from tenants.places import at_main
from tenants.services.events import control_event
from tenants.services.pending import mark_pending
from tenants.transactions import tenant_atomic


def put_aside(copy: Delivery, error: str) -> None:
    """Out of the line, and told to the operators: their board cannot look into every organization."""
    copy.state, copy.reason = Delivery.State.QUARANTINED, error[:60]
    copy.save(update_fields=["state", "reason", "attempts", "updated_at"])
    _tell("quarantined", copy, reason=copy.reason)
    told = {"organization": current_tenant().slug, "error": copy.reason}
    control_event("message.quarantined", "delivery", copy.id, organization_id=None, payload=told)


def release_delivery(*, member: Membership | None = None, delivery_id: uuid.UUID) -> bool:
    """A fresh start for a copy that was put aside, after all that is in line by now; False for any other.

    One that was delivered and not answered is asked again.
    """
    judge(member, NETWORK)
    with at_main(), tenant_atomic():
        aside = Delivery.objects.select_for_update().filter(state=Delivery.State.QUARANTINED)
        copy = aside.filter(id=delivery_id).first()
        if copy is None or copy.recipient_id is None:
            return False
        copy.attempts, copy.reason, copy.due_at = 0, "", timezone.now()
        if copy.delivered_at is not None:
            copy.state = Delivery.State.DELIVERED
            enqueue_on_commit(ANSWER, delivery_id=copy.id)
        else:
            copy.state, copy.sequence = Delivery.State.PENDING, next_number(copy.recipient_id)
            mark_pending(current_tenant().organization_id, PendingWork.Kind.DELIVERY)
            wake(DELIVER, companion_id=copy.recipient_id)
        copy.save()
        _tell("released", copy)
    return True


def _tell(action: str, copy: Delivery, **payload: object) -> None:
    record_trail(
        action=f"companions.delivery.{action}",
        resource_type="delivery",
        resource_id=copy.id,
        payload={"message": copy.message_id, "to": copy.recipient_id, **payload},
    )
