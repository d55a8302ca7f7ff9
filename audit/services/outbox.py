"""Work that must not be lost: a row in the change's own transaction, tried until it is done."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from audit.models import Outbox
from humana.kernel.errors import EndpointError
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.jobs import publish
from tenants.models import PendingWork
from tenants.services.events import control_event
from tenants.services.pending import mark_pending
from tenants.transactions import on_tenant_commit, tenant_atomic

log = logging.getLogger(__name__)

#: Attempts before an item is put aside for an operator.
MOST_ATTEMPTS = 6
#: How long one attempt may take before the sweep tries again, in seconds; doubles with each.
ATTEMPT_SECONDS = 60
#: What stands in `error` when an attempt neither ended nor failed: its worker died, or still works.
LOST = "Lost"


def put_in_outbox(*, task: str, arguments: dict[str, str], due_at: datetime | None = None) -> uuid.UUID:
    """Note work to be done, inside the current transaction.

    Whoever puts it there wakes a worker; the sweep does so from `due_at` on, at first in a minute.
    """
    due = due_at or timezone.now() + timedelta(seconds=ATTEMPT_SECONDS)
    return Outbox.objects.create(task=task, arguments=arguments, due_at=due).id


def settle_outbox(outbox_id: uuid.UUID, act: Callable[[], None]) -> bool:
    """Run `act` for this item; False when it was done already or is being done elsewhere.

    Done at least once: a worker that dies between the effect and the mark leaves the item to be
    tried again, so `act` must bear repetition. It runs outside a transaction, since it may have to
    wait for an endpoint.
    """
    if not _claim(outbox_id):
        return False
    try:
        act()
    except Exception as error:
        _give_back(outbox_id, error)
        raise
    with tenant_atomic():
        Outbox.objects.filter(id=outbox_id).update(state=Outbox.State.DONE, error="")
    return True


def still_at(*, task: str, key: str, value: str) -> None:
    """Whoever works on the item with this argument needs longer: no other attempt begins for two minutes.

    For work that says now and then how far it is; what stops saying so is taken for lost as ever.
    """
    until = timezone.now() + timedelta(seconds=2 * ATTEMPT_SECONDS)
    with tenant_atomic():
        mine = {"task": task, f"arguments__{key}": value, "state": Outbox.State.PENDING, "attempts__gt": 0}
        Outbox.objects.filter(**mine, error="", due_at__lt=until).update(due_at=until)


def publish_due(*, at: datetime, limit: int) -> int:
    """Wake workers again for what is overdue, oldest first; how many items there were.

    Each is published once a minute at most. What was tried too often is put aside instead.
    """
    with tenant_atomic():
        rows = Outbox.objects.select_for_update(skip_locked=True)
        items = list(rows.filter(state=Outbox.State.PENDING, due_at__lte=at).order_by("due_at", "id")[:limit])
        for item in items:
            if item.attempts >= MOST_ATTEMPTS:
                _put_aside(item, item.error or LOST)
            else:
                _publish_again(item, at)
    return len(items)


def anything_pending() -> bool:
    return Outbox.objects.filter(state=Outbox.State.PENDING).exists()


def try_again(*, item: Outbox) -> bool:
    """Give an item that was put aside a fresh start; False when it is not, or no longer, put aside."""
    with tenant_atomic():
        put_aside = Outbox.objects.filter(id=item.id, state=Outbox.State.QUARANTINED)
        fresh = {"state": Outbox.State.PENDING, "attempts": 0, "error": "", "due_at": timezone.now()}
        if not put_aside.update(**fresh):
            return False
        record_trail(
            action="outbox.tried_again",
            resource_type="outbox",
            resource_id=item.id,
            payload={"task": item.task},
        )
        mark_pending(current_tenant().organization_id, PendingWork.Kind.OUTBOX)
        _wake(item)
    return True


def _publish_again(item: Outbox, at: datetime) -> None:
    """An attempt that should have ended long ago is taken for lost, so that another may begin."""
    item.error = item.error or (LOST if item.attempts else "")
    item.due_at = at + timedelta(seconds=ATTEMPT_SECONDS)
    item.save(update_fields=["error", "due_at", "updated_at"])
    _wake(item)


def _wake(item: Outbox) -> None:
    organization_id = current_tenant().organization_id
    on_tenant_commit(lambda: publish(item.task, organization_id, item.arguments, item.id))


def _claim(outbox_id: uuid.UUID) -> bool:
    """Take the item for one attempt: whoever moves `due_at` first has it."""
    now = timezone.now()
    with tenant_atomic():
        item = Outbox.objects.select_for_update(skip_locked=True).filter(id=outbox_id).first()
        if item is None or item.state != Outbox.State.PENDING or _is_being_done(item, now):
            return False
        item.attempts += 1
        item.error = ""
        item.due_at = now + timedelta(seconds=ATTEMPT_SECONDS * 2**item.attempts)
        item.save(update_fields=["attempts", "error", "due_at", "updated_at"])
    return True


def _is_being_done(item: Outbox, now: datetime) -> bool:
    return item.attempts > 0 and item.due_at > now and not item.error


def _give_back(outbox_id: uuid.UUID, error: Exception) -> None:
    log.warning("outbox item failed", extra={"outbox": str(outbox_id), "error": type(error).__name__})
    with tenant_atomic():
        item = Outbox.objects.select_for_update().get(id=outbox_id)
        hopeless = isinstance(error, EndpointError) and error.permanent
        if hopeless or item.attempts >= MOST_ATTEMPTS:
            _put_aside(item, type(error).__name__)
            return
        item.error = type(error).__name__[:300]
        item.due_at = timezone.now() + timedelta(seconds=15 * item.attempts)
        item.save(update_fields=["error", "due_at", "updated_at"])


def _put_aside(item: Outbox, error: str) -> None:
    """Quarantine, and tell the operators: their board cannot look into every organization."""
    item.state, item.error = Outbox.State.QUARANTINED, error[:300]
    item.save(update_fields=["state", "error", "updated_at"])
    told = {"organization": current_tenant().slug, "task": item.task, "error": item.error}
    control_event("outbox.quarantined", "outbox", item.id, organization_id=None, payload=told)
