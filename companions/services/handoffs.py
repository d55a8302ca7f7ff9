"""A conversation handed to another companion and another person: offered, then answered, once.

What the conversation holds is the business of `chats`, which calls these with what it has read. Both
companions are told by messages, both people on their home page; the target may vanish meanwhile, and the
handoff still says how things stand.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from companions.correspondence import trouble_with
from companions.models import Companion, CompanionMessage, Handoff, Interaction
from companions.permissions import READ, SEND
from companions.refusals import reason_words
from companions.services.editing import judge
from companions.services.figures import recount
from companions.services.interactions import interaction, record
from companions.services.sending import Letter, post
from humana.kernel.errors import Conflict, HumanaError, Invalid, NotFound
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.places import at_main
from tenants.queries import may_enter
from tenants.transactions import tenant_atomic

NOTE_LIMIT = 2_000
State = Handoff.State


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is handed over: the chat, who it is with, its title and the documents that go along."""

    chat_id: uuid.UUID
    companion: Companion
    title: str
    document_ids: Sequence[uuid.UUID] = field(default_factory=tuple)


def offer_handoff(
    *,
    member: Membership,
    conversation: Conversation,
    to_companion: Companion,
    to_member: Membership,
    note: str = "",
) -> Handoff:
    """Offer it to a person, who goes on with `to_companion`. Raises NotAllowed where that edge is not there.

    Conflict where the same conversation is on offer already.
    """
    judge(member, SEND)
    note = clean_text(note, field="note", limit=NOTE_LIMIT, required=False).strip()
    _may_receive(member, to_member)
    with at_main(), tenant_atomic():
        _refuse_second(conversation)
        row = Handoff(
            chat_id=conversation.chat_id,
            title=conversation.title,
            from_companion_id=conversation.companion.id,
            from_name=conversation.companion.name,
            to_companion_id=to_companion.id,
            to_name=to_companion.name,
            from_user_id=member.user_id,
            from_person=member.user.get_full_name(),
            to_user_id=to_member.user_id,
            to_person=to_member.user.get_full_name(),
            note=note,
            document_ids=[str(one) for one in conversation.document_ids],
        )
        if to_companion.id != conversation.companion.id:
            told = _letter(row, conversation.companion, to_companion)
            row.message_id = post(told, member=member).id
        row.save(force_insert=True)
        _tell("offered", row)
    return row


def accept_handoff(
    *, member: Membership, handoff_id: uuid.UUID, take_over: Callable[[Handoff], uuid.UUID]
) -> Handoff:
    """Take it over: `take_over` brings the conversation and says its new id; all or nothing.

    Where the companions live in different databases it may be run again after a failure, and must then
    find what it had brought. Conflict where it was answered already, or its companion is gone.
    """
    judge(member, READ)
    with at_main(), tenant_atomic():
        row = _held(handoff_id, to_user_id=member.user_id)
        _still_possible(row)
        row.new_chat_id = take_over(row)
        _answer(row, State.ACCEPTED)
        _record(row, member)
        _tell_back(row, member, accepted=True)
    return row


def decline_handoff(*, member: Membership, handoff_id: uuid.UUID) -> Handoff:
    """Not taken; the conversation stays with whoever offered it."""
    judge(member, READ)
    with at_main(), tenant_atomic():
        row = _held(handoff_id, to_user_id=member.user_id)
        _answer(row, State.DECLINED)
        _tell_back(row, member, accepted=False)
    return row


def withdraw_handoff(*, member: Membership, handoff_id: uuid.UUID) -> Handoff:
    """Taken back by whoever offered it; also the way out where its target is gone."""
    judge(member, READ)
    with at_main(), tenant_atomic():
        row = _held(handoff_id, from_user_id=member.user_id)
        _answer(row, State.WITHDRAWN)
    return row


def _may_receive(member: Membership, to_member: Membership) -> None:
    """A member who may not see companions could never accept."""
    same = to_member.organization_id == member.organization_id
    if not (same and may_enter(to_member)):
        raise NotFound(_("There is nothing here."))
    if not allowed(to_member, READ.name):
        message = _("This person may not see companions, and so could not go on.")
        raise Invalid(message, field="to_member_id", code="may_not_receive")


def _refuse_second(conversation: Conversation) -> None:
    """One conversation, one offer: the rows of the chat's offers are looked at under its companion's lock."""
    list(Companion.everything.select_for_update().filter(id=conversation.companion.id).values_list("id"))
    if Handoff.objects.filter(chat_id=conversation.chat_id, state=State.OFFERED).exists():
        message = _("This conversation is on offer already. Withdraw that offer first.")
        raise Conflict(message, code="offered_already")


def _held(handoff_id: uuid.UUID, **whose: uuid.UUID) -> Handoff:
    """One's own, locked, while it can still be answered."""
    row = Handoff.objects.select_for_update().filter(id=handoff_id, **whose).first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    if row.state != State.OFFERED:
        message = _("This was answered already: %(state)s.") % {"state": row.get_state_display()}
        raise Conflict(message, code="answered_already")
    return row


def _still_possible(row: Handoff) -> None:
    """The companions may have changed since; that its giver has left is no reason to lose the work."""
    code = trouble_with(row)
    if code:
        raise Conflict(reason_words(code), code=code)


def _answer(row: Handoff, state: str) -> None:
    row.state, row.answered_at = state, timezone.now()
    row.save()
    recount(row.created_at)
    _tell(state, row)


def _record(row: Handoff, member: Membership) -> None:
    if row.from_companion_id is None or row.answered_at is None:
        return
    line = interaction(
        Interaction.Kind.HANDOFF,
        companion_id=row.from_companion_id,
        other_id=row.to_companion_id,
        member_id=member.id,
        subject_id=row.id,
        session_id=row.chat_id,
        began_at=row.created_at,
        ended_at=row.answered_at,
    )
    record(line)


def _letter(row: Handoff, sender: Companion, to: Companion) -> Letter:
    """What the next companion is told, in its language."""
    with override(to.language):
        words = _("%(person)s hands the conversation “%(title)s” from %(companion)s to %(to)s.")
        text = words % {
            "person": row.from_person,
            "title": row.title,
            "companion": row.from_name,
            "to": row.to_person,
        }
    return Letter(sender, CompanionMessage.Kind.WORKFLOW_HANDOFF, f"{text}\n\n{row.note}".strip(), to.id)


def _tell_back(row: Handoff, member: Membership, *, accepted: bool) -> None:
    """The first companion learns what came of it; where one of them is gone there is nobody to tell."""
    giver, taker = row.from_companion, row.to_companion
    sent = CompanionMessage.objects.filter(id=row.message_id) if row.message_id else None
    parent = sent.first() if sent is not None else None
    if parent is None or giver is None or taker is None:
        return
    with override(giver.language):
        words = _("%(person)s has taken it over.") if accepted else _("%(person)s has not taken it over.")
        text = words % {"person": row.to_person}
    kind = CompanionMessage.Kind.KNOWLEDGE_SHARE
    try:
        with tenant_atomic():
            post(Letter(taker, kind, text, giver.id, parent=parent, told=True), member=member)
    except HumanaError as refusal:
        if refusal.status >= 500:
            raise


def _tell(action: str, row: Handoff) -> None:
    """Ids only: what was said is in the conversation."""
    told = {
        "chat": row.chat_id,
        "from": row.from_companion_id,
        "to": row.to_companion_id,
        "to_user": row.to_user_id,
        "new_chat": row.new_chat_id,
    }
    record_trail(
        action=f"companions.handoff.{action}", resource_type="handoff", resource_id=row.id, payload=told
    )
