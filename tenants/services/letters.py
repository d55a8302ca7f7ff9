"""The letter that invites somebody, in their language, by the installation's mail server."""

from __future__ import annotations

import uuid

from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from humana.kernel.text import in_words
from tenants.links import write_link
from tenants.models import Invitation, User


def send_invitation(invitation_id: uuid.UUID, origin: str) -> None:
    """Send it unless it was sent, or is not good any more. Runs inside its organization.

    What the mail server refuses is raised, and tried again by the outbox.
    """
    row = Invitation.objects.select_related("organization", "invited_by").filter(id=invitation_id).first()
    if row is None or row.sent_at is not None or not row.is_good:
        return
    nonce = row.nonce
    with override(_language_of(row)):
        letter = _letter(row, f"{origin}{reverse('invitation', args=[write_link(row)])}")
    letter.send()
    Invitation.objects.filter(id=row.id, nonce=nonce).update(sent_at=timezone.now())


def _language_of(row: Invitation) -> str:
    """Their own where they have chosen one; only their mailbox is told."""
    own = User.objects.filter(email=row.email).values_list("language", flat=True).first()
    return own or row.language


def _letter(row: Invitation, address: str) -> EmailMessage:
    told = {
        "organization": row.organization.name,
        "who": str(row.invited_by or row.organization.name),
        "day": in_words(timezone.localtime(row.expires_at)),
    }
    paragraphs = [
        _("%(who)s invites you to work with companions in “%(organization)s” on Humana.") % told,
        _("Follow this link to accept:"),
        address,
        _("It is for this address only, works once, and is good until %(day)s.") % told,
        _("If you did not expect this, there is nothing to do: nobody can use it without you."),
    ]
    subject = _("%(who)s invites you to “%(organization)s”") % told
    return EmailMessage(
        subject=" ".join(subject.split()),
        body="\n\n".join(paragraphs) + "\n",
        to=[row.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
