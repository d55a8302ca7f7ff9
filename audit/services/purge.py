"""The only way out of the trail: as the owner of the database, told in the trail itself.

A chain is cut only at its beginning, and the checkpoint that explains the cut is its newest entry,
written in the same transaction. The application's role can do none of this.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from audit.models import AuditEntry
from audit.services.chain import PURGED, checkpoint
from audit.services.trail import Happening, append, locked_head
from humana.kernel.actor import current_actor
from tenants.context import TenantContext, use_tenant
from tenants.owner import as_owner
from tenants.transactions import tenant_atomic


class Reason(StrEnum):
    """Why entries leave. Only retention honours how long each must be kept."""

    RETENTION = "retention"
    REMOVAL = "removal"
    MOVE = "move"


def purge_trail(*, organization: TenantContext, before: datetime, reason: Reason = Reason.RETENTION) -> int:
    """Remove the trail's beginning, up to the first entry that has to stay; returns how many went.

    An entry stays when it is not older than `before` and, under retention, when its `keep_until`
    has not come or it is kept for good. For commands: it works as the owner (`as_owner`).
    """
    with use_tenant(organization), as_owner(organization.placement.alias), tenant_atomic():
        head = locked_head()
        first_kept = _staying(before, reason).aggregate(first=Min("sequence"))["first"]
        going = AuditEntry.objects.filter(sequence__lt=first_kept or head.sequence + 1)
        last = going.order_by("-sequence").first()
        if last is None:
            return 0
        removed, _by_model = going.delete()
        append(_told(checkpoint(last, removed, reason.value) | {"before": before.isoformat()}))
    return removed


def _staying(before: datetime, reason: Reason) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects
    young = Q(at__gte=before)
    if reason is not Reason.RETENTION:
        return rows.filter(young)
    return rows.filter(young | Q(keep_until=None) | Q(keep_until__gt=timezone.now()))


def _told(payload: dict[str, object]) -> Happening:
    return Happening(
        action=PURGED,
        resource_type="trail",
        resource_id="",
        payload=json.dumps(payload, sort_keys=True),
        at=timezone.now(),
        actor=current_actor(),
    )
