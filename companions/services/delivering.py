"""Copies reach their companions: in the order of each inbox, each once, judged again as things stand now.

The effect and the mark are one transaction, held by the lock of the inbox; so whatever dies, and however
often a worker is woken, nothing is lost and nothing happens twice.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from companions.models import CompanionMessage, Delivery, Inbox, Interaction
from companions.network import acting_member, network, rights_of
from companions.services.interactions import interaction, record
from companions.services.judging import Case, line_of
from companions.services.quarantine import put_aside
from companions.services.waking import ANSWER, DELIVER, wake
from humana.kernel.errors import Unavailable
from humana.kernel.ports import record_trail
from tenants.jobs import enqueue_on_commit
from tenants.places import at_main
from tenants.transactions import tenant_atomic

log = logging.getLogger(__name__)

#: From so many on, all companions are read rather than those named.
MANY = 500
#: Failures of one copy before it is put aside. A database that goes away is nobody's failure.
MOST_ATTEMPTS = 3
PASSING = (OperationalError, InterfaceError, Unavailable)
State = Delivery.State


def deliver(companion_id: uuid.UUID) -> None:
    """All that waits for this companion, each copy in a transaction of its own."""
    with at_main():
        while _deliver_next(companion_id):
            pass


def deliver_to_all(message_id: uuid.UUID) -> None:
    """Every copy of a message to all at once; one that must wait for an earlier message waits its turn."""
    with at_main(), tenant_atomic():
        message = CompanionMessage.objects.select_for_update().filter(id=message_id, to_all=True).first()
        if message is not None:
            _deliver_copies(message, timezone.now())


def _deliver_next(companion_id: uuid.UUID) -> bool:
    """Whether there may be more. What fails leaves the copy where it is, or aside after some attempts."""
    copy: Delivery | None = None
    try:
        with tenant_atomic():
            copy = _first(companion_id)
            if copy is None:
                return _waiting(companion_id).exists()  # somebody else delivered the one we waited for
            _settle(copy, timezone.now())
    except PASSING:
        raise
    except Exception as error:
        if copy is None:
            raise
        log.warning(
            "a message could not be delivered",
            extra={"delivery": str(copy.id), "error": type(error).__name__},
        )
        return _note_failure(copy.id, type(error).__name__)
    return True


def _first(companion_id: uuid.UUID) -> Delivery | None:
    """The next copy in line, with its inbox held: nobody else delivers there meanwhile."""
    if Inbox.objects.select_for_update().filter(companion_id=companion_id).first() is None:
        return None
    return _waiting(companion_id).select_for_update().order_by("sequence").first()


def _waiting(companion_id: uuid.UUID) -> QuerySet[Delivery]:
    return Delivery.objects.filter(recipient_id=companion_id, state=State.PENDING)


def _settle(copy: Delivery, now: datetime) -> None:
    message = copy.message
    copy.state, copy.reason = verdict(message, copy.recipient_id, now)
    if copy.state == State.DELIVERED:
        copy.delivered_at = now
    copy.save(update_fields=["state", "reason", "delivered_at", "updated_at"])
    _tell(
        message, copy.state, delivery=copy.id, to=copy.recipient_id, number=copy.sequence, reason=copy.reason
    )
    if copy.state == State.DELIVERED:
        _record(message, now, 1, copy.recipient_id)
    if copy.state == State.DELIVERED and message.kind == CompanionMessage.Kind.COLLABORATION_REQUEST:
        enqueue_on_commit(ANSWER, delivery_id=copy.id)


def verdict(message: CompanionMessage, recipient_id: uuid.UUID | None, now: datetime) -> tuple[str, str]:
    """Delivered, or why not."""
    if message.expires_at <= now:
        return State.EXPIRED, "expired"
    refused = _refused(message, [recipient_id])
    return (State.REFUSED, refused[recipient_id]) if refused else (State.DELIVERED, "")


def _refused(
    message: CompanionMessage, recipients: Iterable[uuid.UUID | None]
) -> dict[uuid.UUID | None, str]:
    """Those it may not reach any more, and the code that says why."""
    case = Case(
        message.sender_id,
        message.kind,
        line_of(message.parent),
        rights_of(acting_member(message.member_id)),
    )
    asked = list(recipients)
    only = [one for one in asked if one is not None] if len(asked) < MANY else None
    between = network(senders=case.senders, recipients=only)
    edges = {one: case.towards(one, between) for one in asked}
    return {one: edge.reason(case.right) for one, edge in edges.items() if case.right not in edge.rights}


def _deliver_copies(message: CompanionMessage, now: datetime) -> None:
    """Set by set. A copy behind one that still waits is left to its inbox, which keeps the order."""
    waiting = Delivery.objects.filter(message_id=message.id, state=State.PENDING)
    behind = _behind(message)
    ours = waiting.exclude(recipient_id__in=behind) if behind else waiting
    counts = {State.EXPIRED: 0, State.REFUSED: 0, State.DELIVERED: 0}
    if message.expires_at <= now:
        counts[State.EXPIRED] = ours.update(state=State.EXPIRED, reason="expired", updated_at=now)
    else:
        counts[State.REFUSED] = _refuse_some(message, ours, now)
        counts[State.DELIVERED] = _deliver_rest(message, ours, now)
    if counts[State.DELIVERED]:
        _record(message, now, counts[State.DELIVERED])
    if any(counts.values()):
        _tell(message, "to_all", **{str(state): number for state, number in counts.items()})
    for companion_id in behind:
        if companion_id is not None:
            wake(DELIVER, companion_id=companion_id)


def _behind(message: CompanionMessage) -> list[uuid.UUID | None]:
    """Those for whom something earlier still waits. Most often nothing else waits at all."""
    others = Delivery.objects.filter(state=State.PENDING).exclude(message_id=message.id)
    first: dict[uuid.UUID | None, int] = {}
    for one, number in others.order_by().values_list("recipient_id", "sequence"):
        first[one] = min(number, first.get(one, number))
    mine = Delivery.objects.filter(message_id=message.id, state=State.PENDING)
    mine = mine.filter(recipient_id__in=list(first)) if first else mine.none()
    return [one for one, number in mine.values_list("recipient_id", "sequence") if first[one] < number]


def _refuse_some(message: CompanionMessage, ours: QuerySet[Delivery], now: datetime) -> int:
    by_reason: dict[str, list[uuid.UUID | None]] = {}
    for one, reason in _refused(message, ours.values_list("recipient_id", flat=True)).items():
        by_reason.setdefault(reason, []).append(one)
    return sum(
        ours.filter(recipient_id__in=some).update(state=State.REFUSED, reason=reason, updated_at=now)
        for reason, some in by_reason.items()
    )


def _deliver_rest(message: CompanionMessage, ours: QuerySet[Delivery], now: datetime) -> int:
    if message.kind == CompanionMessage.Kind.COLLABORATION_REQUEST:
        for delivery_id in ours.values_list("id", flat=True):
            enqueue_on_commit(ANSWER, delivery_id=delivery_id)
    return ours.update(state=State.DELIVERED, delivered_at=now, updated_at=now)


def _record(message: CompanionMessage, now: datetime, copies: int, to: uuid.UUID | None = None) -> None:
    """Knowledge that was shared by itself, once for all copies; an answer is part of what it answers."""
    asks = CompanionMessage.Kind.COLLABORATION_REQUEST
    answers = message.parent is not None and message.parent.kind == asks
    if message.kind != CompanionMessage.Kind.KNOWLEDGE_SHARE or answers or message.sender_id is None:
        return
    line = interaction(
        Interaction.Kind.SHARE,
        companion_id=message.sender_id,
        other_id=to,
        member_id=message.member_id,
        subject_id=message.id,
        session_id=message.trace_id,
        count=copies,
        began_at=message.created_at,
        ended_at=now,
    )
    record(line)


def _note_failure(delivery_id: uuid.UUID, error: str) -> bool:
    """Count it. True where the copy was put aside, so that what comes after it can go on."""
    with at_main(), tenant_atomic():
        copy = Delivery.objects.select_for_update().filter(id=delivery_id, state=State.PENDING).first()
        if copy is None:
            return True
        copy.attempts += 1
        if copy.attempts >= MOST_ATTEMPTS:
            put_aside(copy, error)
            return True
        copy.reason = error[:60]
        copy.due_at = timezone.now() + timedelta(seconds=15 * copy.attempts)
        copy.save(update_fields=["attempts", "reason", "due_at", "updated_at"])
    return False


def _tell(message: CompanionMessage, what: str, **payload: object) -> None:
    record_trail(
        action=f"companions.message.{what}",
        resource_type="companion_message",
        resource_id=message.id,
        payload=payload,
    )
