"""What changed in the control plane, told to the trail by a relay."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from django.db import transaction

from humana.kernel.actor import current_actor
from tenants.context import peek_tenant, use_tenant, without_tenant
from tenants.models import ControlEvent, PendingWork


def control_event(
    action: str,
    resource_type: str,
    resource_id: object = "",
    *,
    organization_id: uuid.UUID | None,
    payload: Mapping[str, Any] | None = None,
) -> ControlEvent:
    """Write the event in the transaction of the change; a relay copies it into the trail once."""
    row = ControlEvent(
        organization_id=organization_id,
        action=action,
        resource_type=resource_type,
        resource_id=str(resource_id),
        payload=dict(payload or {}),
        actor={name: str(value) for name, value in asdict(current_actor()).items() if value},
    )
    with transaction.atomic(), _seen_by(organization_id):
        row.save(force_insert=True)
        if organization_id is not None:
            PendingWork.objects.bulk_create(
                [PendingWork(organization_id=organization_id, kind=PendingWork.Kind.CONTROL_EVENT)],
                update_conflicts=True,
                update_fields=["updated_at"],
                unique_fields=["organization", "kind"],
            )
            transaction.on_commit(lambda: _wake(organization_id))
    return row


def _seen_by(organization_id: uuid.UUID | None) -> Any:
    """Row-level security lets an event be written only inside its own organization."""
    here = peek_tenant()
    if organization_id is None:
        return without_tenant(reason="an event of the platform itself")
    return nullcontext() if here and here.organization_id == organization_id else use_tenant(organization_id)


def _wake(organization_id: uuid.UUID) -> None:
    from tenants.jobs import publish

    publish("audit.relay_control_events", organization_id, {}, None)
