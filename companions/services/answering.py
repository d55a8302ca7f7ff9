"""A companion answers another that asked it: with its own prompt, policies and model, in the same trace."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.utils import timezone

from companions.models import Companion, CompanionMessage, Delivery, Interaction
from companions.network import acting_member
from companions.services.delivering import MOST_ATTEMPTS, verdict
from companions.services.interactions import interaction, record
from companions.services.quarantine import put_aside
from companions.services.sending import Letter, post
from humana.kernel.errors import Conflict, EndpointError, HumanaError, TooMany
from humana.kernel.ports import answer_as, record_trail
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic


@dataclass(frozen=True, slots=True)
class _Asked:
    copy: Delivery
    message: CompanionMessage
    companion: Companion
    member: Membership


def answer_request(delivery_id: uuid.UUID) -> None:
    """Ask the companion's model and send what it says to whoever asked; at most one answer, ever.

    May be run again after whatever died: the model is then asked again, and what was used is metered
    again. Fails as the model does, until the copy is put aside.
    """
    with at_main():
        asked = _asked(delivery_id)
        if asked is None:
            return
        try:
            text = _words_of(asked)
        except EndpointError as error:
            if _count(delivery_id, error):
                raise
            return
        except (Conflict, TooMany) as refusal:  # of a policy, or of a budget
            _note(asked.copy, refusal.code)
            return
        _send(asked, text)


def _asked(delivery_id: uuid.UUID) -> _Asked | None:
    """What is to be answered; None when it is already, or may not be any more."""
    rows = Delivery.objects.select_related("message", "recipient")
    copy = rows.filter(id=delivery_id, state=Delivery.State.DELIVERED, answered_at=None).first()
    if copy is None or copy.message.kind != CompanionMessage.Kind.COLLABORATION_REQUEST:
        return None
    member = acting_member(copy.message.member_id)
    state, reason = verdict(copy.message, copy.recipient_id, timezone.now())
    if member is None or copy.recipient is None or state != Delivery.State.DELIVERED:
        _note(copy, reason or "not_yours")
        return None
    return _Asked(copy, copy.message, copy.recipient, member)


def _words_of(asked: _Asked) -> str:
    """No connection is held while the model speaks: whoever fills the port sees to it."""
    text = answer_as(
        companion_id=asked.companion.id,
        member=asked.member,
        asked_by=asked.message.sender_name,
        question=asked.message.payload,
    )
    if not text.strip():
        raise EndpointError("the model said nothing", permanent=False, code="empty_answer")
    return text.strip()


def _send(asked: _Asked, text: str) -> None:
    kind, back = CompanionMessage.Kind.KNOWLEDGE_SHARE, asked.message.sender_id
    letter = Letter(asked.companion, kind, text, back, parent=asked.message)
    try:
        with tenant_atomic():
            copy = _unanswered(asked.copy.id)
            if copy is None or back is None:
                return
            post(letter, member=asked.member)
            copy.answered_at, copy.reason = timezone.now(), ""
            copy.save(update_fields=["answered_at", "reason", "updated_at"])
            _record(asked, back)
    except EndpointError:
        raise
    except HumanaError as refusal:  # the edge is gone, or the trace is long enough
        if refusal.status >= 500:
            raise
        _note(asked.copy, refusal.code)


def _record(asked: _Asked, asker: uuid.UUID) -> None:
    line = interaction(
        Interaction.Kind.COLLABORATION,
        companion_id=asked.companion.id,
        other_id=asker,
        member_id=asked.member.id,
        subject_id=asked.copy.id,
        session_id=asked.message.trace_id,
        count=2,
        began_at=asked.message.created_at,
        ended_at=timezone.now(),
    )
    record(line)


def _unanswered(delivery_id: uuid.UUID) -> Delivery | None:
    rows = Delivery.objects.select_for_update().filter(id=delivery_id, answered_at=None)
    return rows.filter(state=Delivery.State.DELIVERED).first()


def _count(delivery_id: uuid.UUID, error: EndpointError) -> bool:
    """Note a failure of the model; whether it should be asked again."""
    with tenant_atomic():
        copy = _unanswered(delivery_id)
        if copy is None:
            return False
        copy.attempts += 1
        if error.permanent or copy.attempts >= MOST_ATTEMPTS:
            put_aside(copy, error.code)
            return False
        copy.reason = error.code[:60]
        copy.save(update_fields=["attempts", "reason", "updated_at"])
    return True


def _note(copy: Delivery, reason: str) -> None:
    """It stays without an answer, and says why."""
    with tenant_atomic():
        Delivery.objects.filter(id=copy.id, answered_at=None).update(reason=reason[:60])
        record_trail(
            action="companions.message.unanswered",
            resource_type="companion_message",
            resource_id=copy.message_id,
            payload={"delivery": copy.id, "to": copy.recipient_id, "reason": reason},
        )
