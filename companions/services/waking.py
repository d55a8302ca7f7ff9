"""Waking a worker for what waits to be delivered, and finding what nobody was woken for."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from companions.models import CompanionMessage, Delivery
from companions.services.numbering import DELIVERED_WITHIN
from tenants.context import current_tenant
from tenants.jobs import publish
from tenants.models import PendingWork
from tenants.services.pending import mark_pending, sweep_pending
from tenants.transactions import on_tenant_commit, tenant_atomic

DELIVER, DELIVER_TO_ALL, ANSWER = (
    "companions.deliver",
    "companions.deliver_to_all",
    "companions.answer_request",
)
#: Inboxes woken again in one sweep.
MOST_WOKEN = 500


def wake_for(message: CompanionMessage, recipient_id: uuid.UUID | None) -> None:
    """With the commit: the marker that makes the sweep look here, and a word to a worker."""
    mark_pending(current_tenant().organization_id, PendingWork.Kind.DELIVERY)
    if recipient_id is None:
        wake(DELIVER_TO_ALL, sent_id=message.id)
    else:
        wake(DELIVER, companion_id=recipient_id)


def wake(task: str, **ids: uuid.UUID) -> None:
    """Once the transaction is committed. Lost words are said again by the sweep."""
    organization_id = current_tenant().organization_id
    named = {name: str(value) for name, value in ids.items()}
    on_tenant_commit(lambda: publish(task, organization_id, named, None))


def sweep_deliveries() -> None:
    """Wake workers again where copies are overdue; only organizations with a marker are looked at."""
    sweep_pending(PendingWork.Kind.DELIVERY, wake_overdue, anything_waiting)


def wake_overdue() -> int:
    """How many copies are overdue; each is waked for once in a while, however often this is called."""
    if current_tenant().main is not None:
        return 0  # messages are kept in the main placement
    now = timezone.now()
    with tenant_atomic():
        late = Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=now)
        to_all = late.filter(message__to_all=True).order_by().values_list("message_id", flat=True).distinct()
        to_one = (
            late.filter(message__to_all=False).order_by().values_list("recipient_id", flat=True).distinct()
        )
        messages, inboxes = list(to_all[:MOST_WOKEN]), list(to_one[:MOST_WOKEN])
        again = now + timedelta(seconds=2 * DELIVERED_WITHIN)
        number = late.filter(message_id__in=messages).update(due_at=again)
        number += late.filter(recipient_id__in=inboxes).update(due_at=again)
        for message_id in messages:
            wake(DELIVER_TO_ALL, sent_id=message_id)
        for companion_id in inboxes:
            if companion_id is not None:
                wake(DELIVER, companion_id=companion_id)
    return number


def anything_waiting() -> bool:
    return Delivery.objects.filter(state=Delivery.State.PENDING).exists()
