"""What an operator did, told to whom it concerns: which fields, never what stands in them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from humana.kernel.ports import record_trail
from tenants.models import Membership, Organization, User
from tenants.operators import support_of
from tenants.routing import in_tenant_plane
from tenants.services.events import control_event


def note(action: str, obj: Model, request: HttpRequest, fields: Sequence[str] = ()) -> None:
    """One line in the trail of every organization concerned; without one, among the platform's events."""
    kind = obj._meta.model_name or ""
    payload: dict[str, Any] = {"fields": sorted(fields)} if fields else {}
    session = support_of(request)
    if session is not None:
        payload |= {"session": str(session.id), "reason": session.reason}
    if in_tenant_plane(obj._meta.app_label):
        record_trail(action=action, resource_type=kind, resource_id=obj.pk, payload=payload)
        return
    for organization_id in _concerned(obj):
        control_event(action, kind, obj.pk, organization_id=organization_id, payload=payload)


def note_look(request: HttpRequest, kind: str | None, key: object, payload: Mapping[str, Any]) -> None:
    """What an operator looked at inside a support session; runs with the organization in hand."""
    session = support_of(request)
    assert session is not None
    record_trail(
        action="support.looked",
        resource_type=kind or "",
        resource_id=key,
        payload={**payload, "session": session.id, "reason": session.reason},
    )


def _concerned(obj: Model) -> list[uuid.UUID | None]:
    if isinstance(obj, Organization):
        return [obj.id]
    if isinstance(obj, User):
        theirs = Membership.objects.filter(user=obj).order_by("organization_id")
        return [None, *theirs.values_list("organization_id", flat=True)]
    return [getattr(obj, "organization_id", None)]
