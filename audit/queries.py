"""Reads of the trail, for those with the permission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from audit.models import AuditEntry, UsageEvent
from audit.permissions import READ
from tenants.models import Membership
from tenants.permissions import require


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Empty fields do not filter. `action` matches its beginning: `chats.` finds all of chats."""

    action: str = ""
    actor: str = ""
    resource_type: str = ""
    resource_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(*, member: Membership, wanted: TrailFilter) -> QuerySet[AuditEntry]:
    """The organization's own trail, the latest first. Raises NotAllowed without the permission."""
    require(member, READ.name)
    rows = AuditEntry.objects.order_by("-sequence")
    conditions = {
        "action__startswith": wanted.action,
        "actor_label__icontains": wanted.actor,
        "resource_type": wanted.resource_type,
        "resource_id": wanted.resource_id,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    return rows.filter(**{name: value for name, value in conditions.items() if value})


def usage() -> QuerySet[UsageEvent]:
    """What answers used in the current organization; who may see it is the caller's to ask."""
    return UsageEvent.objects.order_by("-created_at", "-id")
