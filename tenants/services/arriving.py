"""Accepting an invitation, as somebody who is known or as a new person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from humana.kernel.text import clean_line, email_key
from tenants.context import CONTROL_PLANE, use_tenant
from tenants.links import Named, read_link
from tenants.models import Invitation, Membership, Organization, User
from tenants.permissions import MEMBERS, allowed
from tenants.queries import may_enter
from tenants.ranks import judge_giving
from tenants.services.events import control_event
from tenants.services.people import is_known
from tenants.services.seats import take_invited_seat

#: An organization that takes people in.
_OPEN = (Organization.State.ACTIVE, Organization.State.MOVING)


def invitation_behind(link: str) -> Invitation:
    """What the link names, with its organization and who asked. NotFound for a link that is forged, used,
    withdrawn, replaced or too old, or whose sender may not invite any more: one answer for all.
    """
    with _inside(link) as named:
        return _good(named)


def accept_as(*, user: User, link: str) -> Membership:
    """Bring somebody in who is signed in with the invited address. The link came to that mailbox, so the
    address is confirmed by it.
    """
    with _inside(link) as named, transaction.atomic():
        row = _good(named, held=True)
        if email_key(user.email) != row.email:
            message = _("This invitation is for another address. Sign in with the one that received it.")
            raise NotAllowed(message, code="other_address")
        return _come_in(row, user)


def accept_anew(*, link: str, name: str, password: str) -> Membership:
    """The same for somebody without an account, who gets one."""
    with _inside(link) as named, transaction.atomic():
        row = _good(named, held=True)
        if is_known(row.email):
            message = _("There is an account with this address: sign in to accept.")
            raise Conflict(message, code="has_account")
        return _come_in(row, _new_person(row, name, password))


@contextmanager
def _inside(link: str) -> Iterator[Named]:
    """The organization's rows of the control plane; a link that we did not write leads nowhere."""
    named = read_link(link)
    organization = (
        Organization.objects.select_related("placement").filter(id=named.organization_id).first()
        if named
        else None
    )
    if named is None or organization is None or organization.state not in _OPEN:
        raise _no_good()
    with use_tenant(replace(organization.context, placement=CONTROL_PLANE)):
        yield named


def _good(named: Named, *, held: bool = False) -> Invitation:
    rows = Invitation.objects.select_related("organization", "invited_by").filter(id=named.invitation_id)
    row = (rows.select_for_update(of=("self",)) if held else rows).first()
    if row is None or row.nonce != named.nonce or not row.is_good or not _vouched(row):
        raise _no_good()
    return row


def _vouched(row: Invitation) -> bool:
    """Whether somebody who may still do so asks: nobody comes in by a person who is out."""
    asked = Membership.objects.select_related("user", "organization")
    member = asked.filter(organization_id=row.organization_id, user=row.invited_by).first()
    if member is None or not may_enter(member) or not allowed(member, MEMBERS.name):
        return False
    try:
        judge_giving(member, row.role)
    except NotAllowed:
        return False
    return True


def _come_in(row: Invitation, user: User) -> Membership:
    if user.is_staff or not user.is_active:
        raise NotAllowed(_("This account cannot become a member."), code="cannot_join")
    if not Membership.objects.filter(user=user, organization_id=row.organization_id).exists():
        take_invited_seat()
    member, is_new = Membership.objects.get_or_create(
        user=user,
        organization_id=row.organization_id,
        defaults={
            "role": row.role, "team_id": row.team_id, "position_id": row.position_id,
            "invited_by_id": row.invited_by_id,
        },
    )  # fmt: skip
    if not is_new and member.state != Membership.State.ACTIVE:
        raise NotAllowed(
            _("You are suspended here. Ask who invited you to take that back."), code="suspended"
        )
    row.state, row.answered_at = Invitation.State.ACCEPTED, timezone.now()
    row.save(update_fields=["state", "answered_at", "updated_at"])
    EmailAddress.objects.update_or_create(
        user=user, email=row.email, defaults={"verified": True, "primary": True}
    )
    if user.primary_organization_id is None:
        User.objects.filter(id=user.id).update(primary_organization_id=row.organization_id)
    _tell(row, member)
    return member


def _tell(row: Invitation, member: Membership) -> None:
    told = {"email": row.email, "role": member.role, "member": str(member.id)}
    control_event(
        "invitation.accepted", "invitation", row.id, organization_id=row.organization_id, payload=told
    )


def _new_person(row: Invitation, name: str, password: str) -> User:
    called = clean_line(name, field="name", limit=120)
    user = User(email=row.email, name=called, language=get_language() or row.language)
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        raise Invalid(" ".join(refusal.messages), field="password", code="weak_password") from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        message = _("There is an account with this address: sign in to accept.")
        raise Conflict(message, code="has_account") from None
    return user


def _no_good() -> NotFound:
    message = _("This invitation is no longer good. Ask whoever invited you for a new one.")
    return NotFound(message, code="invitation_not_good")
