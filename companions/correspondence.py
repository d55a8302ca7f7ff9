"""Reads of what companions send each other and of what people hand over. Kept in the main placement.

A member sees the messages that were sent for them, and all with the permission for the network; a handoff
is its giver's and its taker's.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from companions.access import Right
from companions.models import Companion, CompanionAccess, CompanionMessage, Delivery, Handoff
from companions.network import network
from companions.permissions import ACCESS, NETWORK, READ
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.places import at_main
from tenants.queries import may_enter

Row = TypeVar("Row", bound=Model)
#: How long an answered handoff is told to whoever offered it.
TOLD_FOR = timedelta(days=3)


def messages_for(member: Membership) -> QuerySet[CompanionMessage]:
    """Those the member may see, the latest first."""
    rows = CompanionMessage.objects.order_by("-created_at", "-id")
    return rows if allowed(member, NETWORK.name) else rows.filter(member_id=member.id)


def deliveries_for(member: Membership) -> QuerySet[Delivery]:
    """The copies of those, the latest first."""
    rows = Delivery.objects.order_by("-created_at", "-id")
    return rows if allowed(member, NETWORK.name) else rows.filter(message__member_id=member.id)


def access_sent(*, member: Membership, sent_id: uuid.UUID) -> CompanionMessage:
    """One message; somebody else's is missing in just the same way."""
    require(member, READ.name)
    return _found(messages_for(member).filter(id=sent_id).first())


def access_delivery(*, member: Membership, delivery_id: uuid.UUID) -> Delivery:
    require(member, READ.name)
    return _found(deliveries_for(member).filter(id=delivery_id).first())


def access_rule(*, member: Membership, rule_id: uuid.UUID) -> CompanionAccess:
    require(member, ACCESS.name)
    return _found(CompanionAccess.objects.filter(id=rule_id).first())


def companions_by_name() -> list[Companion]:
    """Every companion, paused ones too, as the main placement lists them."""
    with at_main():
        return list(Companion.objects.order_by("name", "id"))


def rules() -> QuerySet[CompanionAccess]:
    """What the organization says itself; for who may decide it."""
    return CompanionAccess.objects.all()


def trace_of(message: CompanionMessage) -> list[CompanionMessage]:
    """All that belongs together, from the first on, each with its copies."""
    rows = CompanionMessage.objects.filter(trace_id=message.trace_id).prefetch_related("deliveries")
    return list(rows.order_by("created_at", "id"))


def handoffs_of(member: Membership) -> QuerySet[Handoff]:
    """Those the member offered or was offered, the latest first."""
    mine = Q(to_user_id=member.user_id) | Q(from_user_id=member.user_id)
    return Handoff.objects.filter(mine).order_by("-created_at", "-id")


def access_handoff(*, member: Membership, handoff_id: uuid.UUID) -> Handoff:
    """The member's own, on either side."""
    require(member, READ.name)
    return _found(handoffs_of(member).filter(id=handoff_id).first())


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person's home page says of handoffs: offered to them, and their own with how they stand."""

    to_me: list[Handoff]
    mine: list[tuple[Handoff, str]]

    def __bool__(self) -> bool:
        return bool(self.to_me or self.mine)


def waiting_for(member: Membership) -> Waiting:
    """Offered to the member; and what they offered, while it is open and for some days after."""
    with at_main():
        offered = Handoff.objects.filter(state=Handoff.State.OFFERED).order_by("created_at")
        to_me = list(offered.filter(to_user_id=member.user_id))
        lately = Q(answered_at__gte=timezone.now() - TOLD_FOR) & ~Q(state=Handoff.State.WITHDRAWN)
        rows = Handoff.objects.filter(Q(state=Handoff.State.OFFERED) | lately, from_user_id=member.user_id)
        mine = [(row, trouble_with(row)) for row in rows.order_by("-created_at")[:20]]
    return Waiting(to_me, mine)


def trouble_with(row: Handoff) -> str:
    """Why an open offer cannot be accepted as things stand: a code of `refusals`; empty where it can."""
    if row.state != Handoff.State.OFFERED:
        return ""
    if row.from_companion_id == row.to_companion_id:
        taker = row.to_companion
        works = taker is not None and taker.removed_at is None and taker.state == Companion.State.ACTIVE
        return _of_person(row) if works else "gone"
    ends = [one for one in (row.from_companion_id, row.to_companion_id) if one is not None]
    found = network(senders=ends, recipients=ends).edge(row.from_companion_id, row.to_companion_id)
    if Right.HAND_OFF not in found.rights:
        return found.reason(Right.HAND_OFF)
    return _of_person(row)


def _of_person(row: Handoff) -> str:
    here = current_tenant().organization_id
    rows = Membership.objects.select_related("user", "organization")
    taker = rows.filter(organization_id=here, user_id=row.to_user_id).first()
    return "" if taker is not None and may_enter(taker) else "person_gone"


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row
