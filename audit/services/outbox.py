"""Work that must not be lost: a row in the change's own transaction, done once, swept until done."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from audit.models import Outbox
from tenants.transactions import tenant_atomic

log = logging.getLogger(__name__)

#: Attempts before an item is put aside for an operator.
MOST_ATTEMPTS = 6
#: How long one attempt may take before the sweep tries again, in seconds.
ATTEMPT_SECONDS = 60


def put_in_outbox(*, task: str, arguments: dict[str, str]) -> uuid.UUID:
    """Note work to be done, inside the current transaction."""
    due = timezone.now() + timedelta(seconds=ATTEMPT_SECONDS)
    return Outbox.objects.create(task=task, arguments=arguments, due_at=due).id


def settle_outbox(outbox_id: uuid.UUID, act: Callable[[], None]) -> bool:
    """Run `act` once for this item; False when it was done already or is being done elsewhere.

    The effect and the mark share a transaction, so a crash between them leaves both undone. A task
    that talks to an endpoint does so before its own short transaction and must bear repetition.
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


def due_items(*, at: datetime, limit: int) -> list[Outbox]:
    """Items whose attempt is overdue, oldest first."""
    rows = Outbox.objects.filter(state=Outbox.State.PENDING, due_at__lte=at)
    return list(rows.order_by("due_at")[:limit])


def _claim(outbox_id: uuid.UUID) -> bool:
    """Take the item for one attempt: whoever moves `due_at` first has it."""
    now = timezone.now()
    with tenant_atomic():
        item = Outbox.objects.select_for_update(skip_locked=True).filter(id=outbox_id).first()
        if item is None or item.state != Outbox.State.PENDING or _is_being_done(item, now):
            return False
        item.attempts += 1
        item.due_at = now + timedelta(seconds=ATTEMPT_SECONDS * 2 ** min(item.attempts, 6))
        item.save(update_fields=["attempts", "due_at"])
    return True


def _is_being_done(item: Outbox, now: datetime) -> bool:
    return item.attempts > 0 and item.due_at > now and not item.error


def _give_back(outbox_id: uuid.UUID, error: Exception) -> None:
    log.warning("outbox item failed", extra={"outbox": str(outbox_id), "error": type(error).__name__})
    with tenant_atomic():
        rows = Outbox.objects.filter(id=outbox_id)
        rows.update(error=type(error).__name__[:300])
        rows.filter(attempts__gte=MOST_ATTEMPTS).update(state=Outbox.State.QUARANTINED)
        rows.filter(attempts__lt=MOST_ATTEMPTS).update(due_at=timezone.now() + F("attempts") * timedelta(seconds=15))
