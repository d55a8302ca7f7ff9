"""The next number in each recipient's inbox, and the copies that carry it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F

from companions.models import CompanionMessage, Delivery, Inbox

#: A copy nobody has delivered by then is looked for by the sweep; seconds.
DELIVERED_WITHIN = 5
#: Rows in one statement.
BATCH = 2_000


def put_in_inboxes(message: CompanionMessage, recipients: Mapping[uuid.UUID, str], at: datetime) -> None:
    """A pending copy for each, after all that came before. The inboxes stay locked until the commit.

    They are locked in one order, whoever writes to many; so two of those cannot wait for each other.
    """
    numbers = _next_number(*recipients) if len(recipients) == 1 else _next_numbers(sorted(recipients))
    due = at + timedelta(seconds=DELIVERED_WITHIN)
    Delivery.objects.bulk_create(
        (
            Delivery(
                message_id=message.id,
                recipient_id=one,
                recipient_name=name,
                sequence=numbers[one],
                due_at=due,
            )
            for one, name in recipients.items()
        ),
        batch_size=BATCH,
    )


def next_number(companion_id: uuid.UUID) -> int:
    """One number, for a copy that goes to the end of its line."""
    return _next_number(companion_id)[companion_id]


def _next_number(companion_id: uuid.UUID) -> dict[uuid.UUID, int]:
    mine = Inbox.objects.filter(companion_id=companion_id)
    if not mine.update(last_sequence=F("last_sequence") + 1):
        Inbox.objects.bulk_create([Inbox(companion_id=companion_id)], ignore_conflicts=True)
        mine.update(last_sequence=F("last_sequence") + 1)
    return {companion_id: mine.values_list("last_sequence", flat=True).get()}


def _next_numbers(ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    held = Inbox.objects.select_for_update().order_by("companion_id")
    found: dict[uuid.UUID, int] = {}
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        numbers = dict(held.filter(companion_id__in=some).values_list("companion_id", "last_sequence"))
        if missing := [Inbox(companion_id=one) for one in some if one not in numbers]:
            Inbox.objects.bulk_create(missing, ignore_conflicts=True)
            numbers = dict(held.filter(companion_id__in=some).values_list("companion_id", "last_sequence"))
        Inbox.objects.filter(companion_id__in=some).update(last_sequence=F("last_sequence") + 1)
        found |= {one: number + 1 for one, number in numbers.items()}
    return found
