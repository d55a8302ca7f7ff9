"""Seats: how many people a plan gives an organization, its members and the open invitations together.

Whatever makes somebody a member asks here, in the transaction that does it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict
from tenants.context import current_tenant
from tenants.models import Invitation, Membership
from tenants.plan_room import hold_room


@dataclass(frozen=True, slots=True)
class Taken:
    """Who sits on seats: members that are not suspended, and invitations that can still be accepted."""

    members: int
    invited: int

    @property
    def all(self) -> int:
        return self.members + self.invited


def seats_taken() -> Taken:
    """In the organization we are in."""
    here = current_tenant().organization_id
    members = Membership.objects.filter(organization_id=here).exclude(state=Membership.State.SUSPENDED)
    waiting = Invitation.objects.filter(
        organization_id=here, state=Invitation.State.PENDING, expires_at__gt=timezone.now()
    )
    return Taken(members.count(), waiting.count())


def take_seats(number: int = 1) -> None:
    """For so many more members or invitations; Conflict says what to do where they have no room."""
    allowed = hold_room("seats")
    if allowed.seats is None:
        return
    taken = seats_taken()
    if taken.all + number > allowed.seats:
        sentence = _(
            "Your plan (%(plan)s) has %(seats)d seats; %(members)d members and %(invited)d open invitations"
            " take theirs. Suspend or remove somebody, withdraw an invitation, or ask for more seats."
        )
        told = {"plan": allowed.plan_name, "seats": allowed.seats}
        message = sentence % (told | {"members": taken.members, "invited": taken.invited})
        raise Conflict(message, code="no_seat")


def take_invited_seat() -> None:
    """For somebody whose invitation holds a seat already; none is there only where there are fewer now."""
    allowed = hold_room("seats")
    if allowed.seats is not None and seats_taken().members + 1 > allowed.seats:
        message = _(
            "This organization has no free seat just now. Ask whoever invited you to make room;"
            " your invitation stays good until its day."
        )
        raise Conflict(message, code="no_seat")
