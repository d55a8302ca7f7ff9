"""Inviting people: asked by a letter, in by its link, once, as long as whoever asked may still do so."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import TypedDict, Unpack

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, Invalid, NotFound, TooMany
from humana.kernel.text import email_key
from tenants.jobs import enqueue_on_commit
from tenants.models import ApiKey, Invitation, Membership, Position, Team
from tenants.permissions import MEMBERS
from tenants.ranks import judge_giving, known_role
from tenants.services.events import control_event
from tenants.services.seats import take_seats
from tenants.services.structuring import judge, ours
from tenants.transactions import control_atomic

#: How long a link is good, in days.
GOOD_DAYS = 7
#: How many are invited at a time; how many letters an organization sends in a day; and the pause, in
#: seconds, before the same person is written to again.
MOST_AT_ONCE, MOST_A_DAY, PAUSE = 50, 200, 60
#: The task that sends the letter.
SEND = "tenants.mail_invitation"


class Coming(TypedDict, total=False):
    """What they will be: a role, and where they stand. `language` is that of the letter."""

    role: str
    team_id: uuid.UUID | None
    position_id: uuid.UUID | None
    language: str


def invite(
    *,
    member: Membership,
    emails: Sequence[str],
    origin: str,
    key: ApiKey | None = None,
    **coming: Unpack[Coming],
) -> list[Invitation]:
    """Invite all of these or none; the letters leave after the commit. `origin` begins the link's address.

    Whether somebody has an account elsewhere is not told. Raises Invalid and Conflict with the addresses that
    are meant, NotAllowed for a role that the member may not give, and TooMany.
    """
    judge(member, MEMBERS)
    with control_atomic():
        ours(Team, coming.get("team_id"), "team_id")
        ours(Position, coming.get("position_id"), "position_id")
        addresses = _addresses(emails)
        role = known_role(member.organization_id, coming.get("role", "member"))
        judge_giving(member, role, key=key)
        language = _language(member, coming.get("language", ""))
        _nobody_is_here(member, addresses)
        _room_for(member, len(addresses))
        take_seats(len(addresses))
        made = [
            Invitation(
                organization=member.organization, email=address, role=role, language=language,
                team_id=coming.get("team_id"), position_id=coming.get("position_id"),
            )
            for address in addresses
        ]  # fmt: skip
        for one in made:
            _ask(one, member)
        _keep(made)
        for one in made:
            _tell("sent", one)
    _send_later(made, origin)
    return made


def send_again(
    *, member: Membership, invitation: Invitation, origin: str, key: ApiKey | None = None
) -> Invitation:
    """A new letter with a new link; the former one opens nothing. Who sends it vouches for it now."""
    judge(member, MEMBERS)
    with control_atomic():
        row = _held(invitation.id)
        _is_waiting(row)
        judge_giving(member, row.role, key=key)
        if timezone.now() - row.updated_at < timedelta(seconds=PAUSE):
            message = _("It was sent a moment ago. Wait a minute before you send it again.")
            raise Conflict(message, code="just_sent")
        _room_for(member, 1)
        if row.ran_out:
            take_seats()
        _ask(row, member)
        row.save()
        _tell("sent_again", row)
    _send_later([row], origin)
    return row


def withdraw(*, member: Membership | None = None, invitation: Invitation) -> None:
    """From now on its link opens nothing. Withdrawing twice is no error; what was accepted stays."""
    judge(member, MEMBERS)
    with control_atomic():
        row = _held(invitation.id)
        if row.state == Invitation.State.WITHDRAWN:
            return
        _is_waiting(row)
        row.state, row.answered_at = Invitation.State.WITHDRAWN, timezone.now()
        row.save(update_fields=["state", "answered_at", "updated_at"])
        _tell("withdrawn", row)


def _addresses(emails: Sequence[str]) -> list[str]:
    """Each once, as mailboxes are compared."""
    found = list(dict.fromkeys(email_key(one) for one in emails if one.strip()))
    if not found:
        raise Invalid(_("Write at least one e-mail address."), field="emails", code="empty")
    if len(found) > MOST_AT_ONCE:
        message = _("At most %(most)d people at a time.") % {"most": MOST_AT_ONCE}
        raise Invalid(message, field="emails", code="too_many")
    wrong = [one for one in found if not _is_address(one)]
    if wrong:
        message = _("These are no e-mail addresses: %(addresses)s.") % {"addresses": ", ".join(wrong)[:300]}
        raise Invalid(message, field="emails", code="bad_address")
    return found


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254 and text.isprintable()


def _language(member: Membership, language: str) -> str:
    if not language:
        return member.organization.language
    if language not in dict(settings.LANGUAGES):
        raise Invalid(_("There is no such language here."), field="language", code="unknown_language")
    return language


def _nobody_is_here(member: Membership, addresses: list[str]) -> None:
    """Of people outside nothing is told, not even that they have an account."""
    here = Membership.objects.filter(organization_id=member.organization_id, user__email__in=addresses)
    waiting = Invitation.objects.filter(
        organization_id=member.organization_id, email__in=addresses, state=Invitation.State.PENDING
    )
    for known, sentence, code in (
        (
            here.values_list("user__email", flat=True),
            _("These are members already: %(addresses)s."),
            "is_member",
        ),
        (
            waiting.values_list("email", flat=True),
            _("These are invited already: %(addresses)s. Send those invitations again instead."),
            "is_invited",
        ),
    ):
        if known:
            told = {"addresses": ", ".join(sorted(known))[:300]}
            raise Conflict(sentence % told, field="emails", code=code)


def _room_for(member: Membership, letters: int) -> None:
    """So that nobody makes us write to all the world."""
    since = timezone.now() - timedelta(days=1)
    rows = Invitation.objects.filter(organization_id=member.organization_id, updated_at__gt=since)
    if rows.count() + letters > MOST_A_DAY:
        message = _("At most %(most)d invitations a day. Go on tomorrow.") % {"most": MOST_A_DAY}
        raise TooMany(message, code="too_many_invitations")


def _ask(row: Invitation, member: Membership) -> None:
    row.nonce = secrets.token_hex(16)
    row.expires_at = timezone.now() + timedelta(days=GOOD_DAYS)
    row.invited_by, row.sent_at = member.user, None


def _keep(made: list[Invitation]) -> None:
    try:
        with transaction.atomic():
            for one in made:
                one.save(force_insert=True)
    except IntegrityError:
        message = _("Somebody invited one of them just now. Look at the list again.")
        raise Conflict(message, field="emails", code="is_invited") from None


def _held(invitation_id: uuid.UUID) -> Invitation:
    """Row-level security leaves only the organization's own."""
    row = Invitation.objects.select_for_update().filter(id=invitation_id).first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row


def _is_waiting(row: Invitation) -> None:
    if row.state != Invitation.State.PENDING:
        raise Conflict(_("This invitation is not waiting any more."), code="not_waiting")


def _send_later(made: Sequence[Invitation], origin: str) -> None:
    """The control plane has them by then, so that no worker is quicker."""
    for one in made:
        enqueue_on_commit(SEND, invitation_id=one.id, origin=origin)


def _tell(action: str, row: Invitation) -> None:
    control_event(
        f"invitation.{action}", "invitation", row.id, organization_id=row.organization_id,
        payload={"email": row.email, "role": row.role},
    )  # fmt: skip
