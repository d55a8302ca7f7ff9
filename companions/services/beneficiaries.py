"""Who is given each capability, computed anew whenever the structure changes. A roll-up: use asks again."""

from __future__ import annotations

import uuid

from companions.beneficiaries import beneficiaries
from companions.models import Capability, CapabilityGrant
from humana.kernel.ports import record_trail
from tenants.jobs import enqueue_on_commit
from tenants.places import at_main
from tenants.transactions import tenant_atomic

RECOUNT_TASK, RECOUNT_ALL_TASK = "companions.recount_capability", "companions.recount_capabilities"


def recount_later(capability_id: uuid.UUID) -> None:
    """After the current transaction, by a worker: thousands may be given it."""
    enqueue_on_commit(RECOUNT_TASK, capability_id=capability_id)


def recount_all_later() -> None:
    """The same for every capability, where there is one."""
    with at_main(), tenant_atomic():
        if Capability.objects.exists():
            enqueue_on_commit(RECOUNT_ALL_TASK)


def recount_all() -> None:
    """Of those removed too: they are given to nobody."""
    with at_main():
        for capability_id in list(Capability.everything.values_list("id", flat=True)):
            recount(capability_id)


def recount(capability_id: uuid.UUID) -> None:
    """Only what changed is written; may be run again. One that was removed is given to nobody."""
    with at_main(), tenant_atomic():
        row = Capability.everything.select_for_update().filter(id=capability_id).first()
        if row is None:
            return
        given = {one.id: one.why for one in beneficiaries(row) if one.told} if row.removed_at is None else {}
        before = dict(CapabilityGrant.objects.filter(capability=row).values_list("companion_id", "why"))
        stale = [one for one, why in before.items() if given.get(one) != why]
        fresh = [one for one, why in given.items() if before.get(one) != why]
        if stale:
            CapabilityGrant.objects.filter(capability=row, companion_id__in=stale).delete()
        new = [CapabilityGrant(capability=row, companion_id=one, why=given[one]) for one in fresh]
        CapabilityGrant.objects.bulk_create(new, batch_size=500)
        if stale or fresh:
            _tell(row, len(given), len(set(given) - set(before)), len(set(before) - set(given)))


def _tell(row: Capability, number: int, more: int, fewer: int) -> None:
    record_trail(
        action="companions.capability.recounted",
        resource_type="capability",
        resource_id=row.id,
        payload={"beneficiaries": number, "more": more, "fewer": fewer},
    )
