"""What members think of answers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from chats.models import Message, Vote
from chats.permissions import WRITE
from companions.services.figures import recount
from humana.kernel.errors import Conflict
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.permissions import require
from tenants.transactions import tenant_atomic


def vote(*, member: Membership, message: Message, up: bool, comment: str = "") -> Vote:
    """The member's one vote on an answer; a second one replaces it."""
    require(member, WRITE.name)
    if message.role != Message.Role.COMPANION:
        raise Conflict(_("Only answers can be voted on."), code="not_an_answer")
    comment = clean_text(comment, field="comment", limit=2000, required=False)
    with tenant_atomic():
        kept, _created = Vote.objects.update_or_create(
            message_id=message.id, member_id=member.id, defaults={"up": up, "comment": comment}
        )
        recount(kept.created_at)
        record_trail(
            action="chats.vote.given", resource_type="message", resource_id=message.id, payload={"up": up}
        )
    return kept


def withdraw_vote(*, member: Membership, message: Message) -> None:
    require(member, WRITE.name)
    with tenant_atomic():
        given = Vote.objects.filter(message_id=message.id, member_id=member.id).first()
        if given is not None:
            recount(given.created_at)
            given.delete()
            record_trail(action="chats.vote.withdrawn", resource_type="message", resource_id=message.id)
