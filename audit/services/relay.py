"""From the control plane into the trail, once."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone

from audit.models import AuditEntry
from audit.services.trail import record_trail
from humana.kernel.actor import Actor
from humana.kernel.ports import structure_changed
from tenants.context import current_tenant
from tenants.models import ControlEvent
from tenants.transactions import control_atomic, tenant_atomic

#: Events copied in one transaction.
BATCH = 100


def relay_control_events() -> int:
    """Copy this organization's events into its trail, oldest first; how many there were.

    Each event is marked in the transaction that writes its entry. Where the trail is in another
    database the mark may be lost after the entry: the entry's `source_id` then stops the second.
    """
    if current_tenant().main is not None:
        return 0  # what changed in the control plane is told once, in the main placement's trail
    done = 0
    while relayed := _relay_batch():
        done += relayed
    return done


def anything_to_relay() -> bool:
    return _waiting().exists()


def _relay_batch() -> int:
    with control_atomic(), tenant_atomic():
        free = _waiting().select_for_update(skip_locked=True)
        events = list(free.order_by("created_at", "id")[:BATCH])
        ids = [event.id for event in events]
        known = set(AuditEntry.objects.filter(source_id__in=ids).values_list("source_id", flat=True))
        for event in events:
            if event.id not in known:
                _tell(event)
        ControlEvent.objects.filter(id__in=ids).update(relayed_at=timezone.now())
        if any(event.resource_type == "team" for event in events):
            structure_changed()
    return len(events)


def _waiting() -> QuerySet[ControlEvent]:
    here = current_tenant().organization_id
    return ControlEvent.objects.filter(organization_id=here, relayed_at=None)


def _tell(event: ControlEvent) -> None:
    record_trail(
        action=event.action,
        resource_type=event.resource_type,
        resource_id=event.resource_id,
        payload=event.payload,
        actor=_actor(event.actor),
        at=event.created_at,
        source_id=event.id,
    )


def _actor(told: dict[str, Any]) -> Actor:
    """The actor as the event kept it."""
    ids = {name: uuid.UUID(told[name]) for name in ("user_id", "membership_id") if told.get(name)}
    words = {name: told[name] for name in ("kind", "label", "address", "agent", "request_id") if name in told}
    return Actor(**words, **cast("dict[str, Any]", ids))
