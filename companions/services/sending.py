"""A companion sends a message: judged, written with its copies in one transaction, then workers are woken.

A copy (`Delivery`) is its own line in the outbox: it is written with the message, done once, and swept
until it is. The broker only wakes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from companions.access import NEEDED, Edge
from companions.config_keys import (
    MESSAGE_ASKED,
    MESSAGE_CHARACTERS,
    MESSAGE_HOPS,
    MESSAGE_REACH,
    MESSAGE_WAITS,
    MESSAGES_FOLLOWING,
)
from companions.models import Companion, CompanionMessage, Delivery
from companions.network import network, rights_of
from companions.permissions import SEND
from companions.refusals import reason_words
from companions.services.editing import judge
from companions.services.judging import Case, line_of
from companions.services.numbering import put_in_inboxes
from companions.services.waking import wake_for
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from humana.kernel.models import new_id
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.config.resolver import resolve
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic

#: Characters of one message at the very most, and how long it may wait to be delivered.
MOST_CHARACTERS, LONGEST_WAIT = 20_000, timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent; to everybody the sender reaches where `to_id` is None.

    `told` says that the sender knows the parent by other ways than its copy.
    """

    sender: Companion
    kind: str
    text: str
    to_id: uuid.UUID | None = None
    parent: CompanionMessage | None = None
    expires_at: datetime | None = None
    id: uuid.UUID | None = None
    told: bool = False


def send_message(
    *,
    member: Membership,
    sender: Companion,
    kind: str,
    text: str,
    to: Companion | None = None,
    parent: CompanionMessage | None = None,
    expires_at: datetime | None = None,
) -> CompanionMessage:
    """Let a companion share what it knows with another, or ask it; with nobody named, all whom it reaches.

    `parent` is the message that it follows, which the sender must have been told. Work is handed over
    with `offer_handoff`. Raises NotAllowed with the code of `companions.access` that says why not.
    """
    judge(member, SEND)
    if kind not in (CompanionMessage.Kind.KNOWLEDGE_SHARE, CompanionMessage.Kind.COLLABORATION_REQUEST):
        raise Invalid(_("Choose one of the kinds offered."), field="kind", code="unknown")
    text = clean_text(text, field="text", limit=resolve(MESSAGE_CHARACTERS))
    to_id = to.id if to is not None else None
    return post(Letter(sender, kind, text, to_id, parent, expires_at), member=member)


def post(letter: Letter, *, member: Membership) -> CompanionMessage:
    """Judge and write; for services that have looked at the words already."""
    now = timezone.now()
    expires_at = _expiry(letter.expires_at, now)
    with at_main(), tenant_atomic():
        case = _case(letter, member)
        edges = _reached(letter, case)
        row = CompanionMessage(
            id=letter.id or new_id(),
            kind=letter.kind,
            sender_id=letter.sender.id,
            sender_name=letter.sender.name,
            member_id=member.id,
            to_all=letter.to_id is None,
            payload=letter.text,
            permissions=_granted(letter, case, edges),
            parent=letter.parent,
            hop=letter.parent.hop + 1 if letter.parent else 0,
            expires_at=expires_at,
        )
        row.trace_id = letter.parent.trace_id if letter.parent else row.id
        row.save(force_insert=True)
        put_in_inboxes(row, list(edges), now)
        _tell(row, len(edges))
        wake_for(row, letter.to_id)
    return row


def _case(letter: Letter, member: Membership) -> Case:
    line = line_of(letter.parent)
    if letter.parent is not None:
        _may_follow(letter, letter.parent)
    return Case(letter.sender.id, letter.kind, line, rights_of(member))


def _may_follow(letter: Letter, parent: CompanionMessage) -> None:
    told = parent.deliveries.filter(recipient_id=letter.sender.id, state=Delivery.State.DELIVERED)
    if not letter.told and parent.sender_id != letter.sender.id and not told.exists():
        raise Invalid(_("The companion was never told that message."), field="parent_id", code="not_told")
    hops, following = resolve(MESSAGE_HOPS), resolve(MESSAGES_FOLLOWING)
    if parent.hop >= hops:
        message = _("This has gone from companion to companion %(limit)d times; it ends here.")
        raise TooMany(message % {"limit": hops}, retry_after=3600, code="too_many_hops")
    if CompanionMessage.objects.filter(trace_id=parent.trace_id).count() >= following:
        message = _("%(limit)d messages have followed from one; it ends here.")
        raise TooMany(message % {"limit": following}, retry_after=3600, code="too_many_messages")


def _reached(letter: Letter, case: Case) -> dict[uuid.UUID, Edge]:
    """Each companion that it goes to, with the edge; raises where that is nobody, or too many."""
    asked = None if letter.to_id is None else [letter.to_id]
    between = network(senders=case.senders, recipients=asked)
    if letter.to_id is not None:
        found = case.towards(letter.to_id, between)
        if letter.to_id not in between.parties:
            raise NotFound(_("There is nothing here."))
        if case.right not in found.rights:
            code = found.reason(case.right)
            raise NotAllowed(reason_words(code), code=code)
        return {letter.to_id: found}
    everybody = {one: case.towards(one, between) for one in between.parties}
    edges = {one: found for one, found in everybody.items() if case.right in found.rights}
    _refuse_crowd(letter.kind, len(edges))
    return edges


def _refuse_crowd(kind: str, number: int) -> None:
    if not number:
        raise Conflict(_("This companion reaches nobody."), code="nobody_reached")
    asks = kind == CompanionMessage.Kind.COLLABORATION_REQUEST
    most = resolve(MESSAGE_ASKED if asks else MESSAGE_REACH)
    if number > most:
        message = _("This would reach %(number)d companions; at most %(limit)d. Name one.")
        raise TooMany(message % {"number": number, "limit": most}, retry_after=3600, code="too_many_reached")


def _granted(letter: Letter, case: Case, edges: Mapping[uuid.UUID, Edge]) -> list[str]:
    """What every edge of it gives; an answer carries on what was granted to the question."""
    if letter.parent is not None and case.answers(letter.to_id):
        return list(letter.parent.permissions)
    rights = frozenset.intersection(*{found.rights for found in edges.values()})
    return sorted(rights | {NEEDED[letter.kind]})


def _expiry(wanted: datetime | None, now: datetime) -> datetime:
    if wanted is None:
        return now + timedelta(seconds=resolve(MESSAGE_WAITS))
    if not now < wanted <= now + LONGEST_WAIT:
        message = _("Choose a moment from now on, within %(days)d days.")
        raise Invalid(message % {"days": LONGEST_WAIT.days}, field="expires_at", code="out_of_range")
    return wanted


def _tell(row: CompanionMessage, copies: int) -> None:
    told = {"kind": row.kind, "from": row.sender_id, "trace": row.trace_id, "hop": row.hop, "copies": copies}
    record_trail(
        action="companions.message.sent",
        resource_type="companion_message",
        resource_id=row.id,
        payload={**told, "permissions": row.permissions},
    )
