"""What a member thinks of a companion: given, changed, taken back by themselves."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from companions.models import Companion, Feedback
from companions.permissions import READ
from companions.services.editing import judge
from companions.services.figures import recount
from humana.kernel.errors import Conflict, Invalid
from humana.kernel.ports import companion_that_answered, record_trail
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic

#: Characters of a comment.
LIMIT = 2_000


def give_feedback(
    *,
    member: Membership,
    companion: Companion,
    rating: int | None = None,
    text: str = "",
    answer_id: uuid.UUID | None = None,
) -> Feedback:
    """The member's one opinion of the companion; a second one replaces it. Stars, words or both.

    `answer_id` is an answer in a conversation of the member's own with that companion; any other is missing.
    """
    judge(member, READ)
    if answer_id is not None and companion_that_answered(member=member, answer_id=answer_id) != companion.id:
        raise Conflict(_("Another companion wrote that answer."), code="another_companion")
    text = clean_text(text, field="text", limit=LIMIT, required=False).strip()
    if rating is None and not text:
        raise Invalid(_("Choose a number of stars, or write something."), field="rating", code="empty")
    if rating is not None and not 1 <= rating <= 5:
        raise Invalid(_("Choose from one to five stars."), field="rating", code="out_of_range")
    wanted = {"rating": rating, "text": text, "answer_id": answer_id}
    with at_main(), tenant_atomic():
        kept, _created = Feedback.objects.update_or_create(
            companion_id=companion.id, member_id=member.id, defaults=wanted
        )
        recount(kept.created_at)
        _tell("given", companion, rating=rating, words=bool(text), answer=answer_id)
    return kept


def withdraw_feedback(*, member: Membership, companion: Companion) -> bool:
    """Taken back; False where there was none."""
    judge(member, READ)
    with at_main(), tenant_atomic():
        row = Feedback.objects.filter(companion_id=companion.id, member_id=member.id).first()
        if row is None:
            return False
        recount(row.created_at)
        row.delete()
        _tell("withdrawn", companion)
    return True


def _tell(what: str, companion: Companion, **payload: object) -> None:
    """Never the words themselves."""
    record_trail(
        action=f"companions.feedback.{what}",
        resource_type="companion",
        resource_id=companion.id,
        payload=payload,
    )
