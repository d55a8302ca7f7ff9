"""The platform's own storage changes: the files of every organization that uses it follow.

    with files_follow():     in the transaction in which an operator activates or withdraws a storage
        …

Each organization has a copy of its own, as when it chooses another storage by itself: what is not there yet
is read from where it was, digests are compared, and a worker that was cut off is followed by one that goes
on. Whose files are on their way already goes on first, and follows when that is done. What the environment
names (`HUMANA_STORAGE_…`) is not known once it was changed: enter the new place as an endpoint instead.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils import timezone

from byoc import storage
from byoc.contracts import PURPOSES
from byoc.ledgers import Notes, inside
from byoc.models import Endpoint, StorageCopy, Watch
from byoc.services.storages import hold_platform_still
from tenants.context import use_tenant
from tenants.models import Organization
from tenants.services.events import control_event


@contextmanager
def files_follow() -> Iterator[None]:
    """Outside of every organization. What was changed inside decides whose files go where."""
    hold_platform_still(alone=True)
    before = _places()
    yield
    for role, now in _places().items():
        if now != before[role]:
            _carry(role, before[role], now)
    storage.changed(None)


def _places() -> dict[str, uuid.UUID]:
    return {role: storage.key_of(storage.platform_now(role)) for role in PURPOSES}


def _carry(role: str, source: uuid.UUID, target: uuid.UUID) -> None:
    live = StorageCopy.objects.select_for_update().filter(role=role, state__in=StorageCopy.LIVE)
    on_their_way = {row.organization_id: row for row in live}
    back = [row for row in on_their_way.values() if (row.source_id, row.target_id) == (target, source)]
    for row in back:
        _undo(row)
    others = Organization.objects.exclude(id__in=[*on_their_way, *_with_their_own(role)])
    others = others.exclude(state=Organization.State.REMOVING)
    whose = [*others.values_list("id", flat=True), *(row.organization_id for row in back)]
    StorageCopy.objects.bulk_create(
        (StorageCopy(organization_id=one, role=role, source_id=source, target_id=target) for one in whose),
        batch_size=1_000,
    )
    control_event(
        "storage.platform_changed", "endpoint", target, organization_id=None,
        payload={"role": role, "from": str(source), "to": str(target), "organizations": len(whose)},
    )  # fmt: skip


def _undo(copy: StorageCopy) -> None:
    StorageCopy.objects.filter(id=copy.id).update(state=StorageCopy.State.UNDONE, finished_at=timezone.now())
    Notes(copy.organization_id, copy.role, "copy").strike_all()


def _with_their_own(role: str) -> list[uuid.UUID]:
    """Each is entered: whose endpoints are whose is not seen from outside."""
    return [one for one in Watch.objects.values_list("organization_id", flat=True) if _has_own(one, role)]


def _has_own(organization_id: uuid.UUID, role: str) -> bool:
    with use_tenant(inside(organization_id)):
        own = Endpoint.objects.filter(organization=organization_id, kind=Endpoint.Kind.STORAGE, role=role)
        return own.filter(state=Endpoint.State.ACTIVE).exists()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far files are that were to be brought to one storage: of organizations and roles, and objects."""

    all: int
    done: int
    stopped: int
    found: int
    copied: int

    @property
    def live(self) -> bool:
        return self.done < self.all


def progress_of(endpoint: Endpoint) -> Progress | None:
    """None where nothing was ever to be brought there. Counts only, across organizations."""
    rows = StorageCopy.objects.filter(target_id=endpoint.id).exclude(state=StorageCopy.State.UNDONE)
    told = rows.aggregate(
        all=Count("id"),
        done=Count("id", filter=Q(state=StorageCopy.State.DONE)),
        stopped=Count("id", filter=Q(state=StorageCopy.State.FAILED)),
        found=Sum("found", default=0),
        copied=Sum("copied", default=0) + Sum("kept", default=0),
    )
    return Progress(**told) if told["all"] else None
