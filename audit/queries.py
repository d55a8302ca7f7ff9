"""Reads of the trail, for those with the permission."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.db.models import QuerySet

from audit.models import AuditEntry, UsageEvent
from audit.permissions import READ
from tenants.context import TenantContext, current_tenant
from tenants.models import Membership
from tenants.permissions import require
from tenants.places import everywhere, gather


@dataclass(frozen=True, slots=True)
class Traced:
    """An entry, and the placement whose chain it belongs to.

    `rank` is the time it is merged by: its own, or that of an entry after it in its chain that
    happened earlier and was told late. So no chain is ever shown out of its order.
    """

    entry: AuditEntry
    place: TenantContext
    rank: datetime


@dataclass(frozen=True, slots=True)
class Trails:
    """`older` holds where the next page begins in each placement; empty on the last one."""

    page: list[Traced]
    silent: list[TenantContext]
    older: list[int | None]


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


def trails(*, member: Membership, wanted: TrailFilter, before: Sequence[int | None], most: int) -> Trails:
    """One page of the trails of every placement, the latest first.

    Each placement has a chain of its own, so `before` and what `older` gives is a sequence for each,
    in their order; None has no bound.
    """
    bounds: dict[uuid.UUID, int | None] = {one.placement.id: None for one in everywhere()}
    bounds.update(zip(list(bounds), before, strict=False))

    def read() -> list[Traced]:
        here = current_tenant()
        rows = entries(member=member, wanted=wanted)
        bound = bounds.get(here.placement.id)
        rows = rows if bound is None else rows.filter(sequence__lt=bound)
        found = list(rows[: most + 1])
        ranks = accumulate((one.at for one in found), min)
        return [Traced(one, here, rank) for one, rank in zip(found, ranks, strict=True)]

    gathered = gather(read)
    latest_first = sorted(gathered.found, key=lambda one: one.rank, reverse=True)
    page = latest_first[:most]
    for one in page:
        bounds[one.place.placement.id] = one.entry.sequence
    return Trails(page, gathered.silent, list(bounds.values()) if len(latest_first) > most else [])


def place_of_entry(entry_id: uuid.UUID) -> uuid.UUID | None:
    """The placement we are in, if the entry is in its trail."""
    here = current_tenant().placement.id
    return here if AuditEntry.objects.filter(id=entry_id).exists() else None


def usage() -> QuerySet[UsageEvent]:
    """What answers used in the current organization; who may see it is the caller's to ask."""
    return UsageEvent.objects.order_by("-created_at", "-id")
