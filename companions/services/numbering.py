"""The next number in each recipient's inbox, and the copies that carry it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F

from companions.models import Companion, CompanionMessage, Delivery, Inbox
from tenants.context import current_tenant
from tenants.statements import Statement, send

#: A copy nobody has delivered by then is looked for by the sweep; seconds.
DELIVERED_WITHIN = 5
#: Rows in one statement, where rows are sent.
BATCH = 2_000
_AS_A_SET = """
    WITH numbered AS (
        INSERT INTO companions_inbox AS inbox
            (id, created_at, updated_at, organization_id, companion_id, last_sequence)
        SELECT gen_random_uuid(), %s, %s, %s, one, 1 FROM unnest(%s::uuid[]) AS one ORDER BY one
        ON CONFLICT (organization_id, companion_id)
            DO UPDATE SET last_sequence = inbox.last_sequence + 1, updated_at = excluded.updated_at
        RETURNING companion_id, last_sequence
    )
    INSERT INTO companions_delivery
        (id, created_at, updated_at, organization_id, message_id, recipient_id, recipient_name, sequence,
         state, attempts, reason, due_at)
    SELECT gen_random_uuid(), %s, %s, %s, %s, companion.id, companion.name, numbered.last_sequence,
           'pending', 0, '', %s
    FROM numbered JOIN companions_companion AS companion
        ON companion.organization_id = %s AND companion.id = numbered.companion_id
"""


def put_in_inboxes(message: CompanionMessage, recipients: Sequence[uuid.UUID], at: datetime) -> None:
    """A pending copy for each, after all that came before. The inboxes stay locked until the commit.

    They are locked in one order, whoever writes to many; so two of those cannot wait for each other.
    """
    due, ids = at + timedelta(seconds=DELIVERED_WITHIN), sorted(recipients)
    if len(ids) > 1 and current_tenant().placement.engine == "postgresql":
        _write_as_a_set(message, ids, at, due)
        return
    numbers = _next_number(ids[0]) if len(ids) == 1 else _next_numbers(ids)
    names = dict(Companion.everything.filter(id__in=ids).values_list("id", "name"))
    Delivery.objects.bulk_create(
        (
            Delivery(
                message_id=message.id,
                recipient_id=one,
                recipient_name=names[one],
                sequence=numbers[one],
                due_at=due,
            )
            for one in ids
        ),
        batch_size=BATCH,
    )


def _write_as_a_set(message: CompanionMessage, ids: list[uuid.UUID], at: datetime, due: datetime) -> None:
    """Numbers and copies in one statement: no row of thousands passes through Python."""
    here = current_tenant().organization_id
    send(Statement(_AS_A_SET, [at, at, here, ids, at, at, here, message.id, due, here]))


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
