"""Reads of feedback, kept in the main placement, and of interactions, kept where they were."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from companions.models import Feedback, Interaction
from companions.permissions import EDIT, FIGURES
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.places import at_main

#: Opinions of others on the companion's page.
LATEST = 20


def feedback_of(*, member: Membership, companion_id: uuid.UUID) -> Feedback | None:
    """What the member thinks of it, if they said so."""
    with at_main():
        return Feedback.objects.filter(companion_id=companion_id, member_id=member.id).first()


def may_read_feedback(member: Membership) -> bool:
    """Everybody's: for who edits companions, and for who sees the figures. Others see their own."""
    return allowed(member, EDIT.name) or allowed(member, FIGURES.name)


def opinions_of(*, member: Membership, companion_id: uuid.UUID) -> list[Feedback]:
    """The latest of what others think, for who may read it; nothing for anybody else."""
    if not may_read_feedback(member):
        return []
    with at_main():
        rows = feedback_on(member=member, companion_id=companion_id).exclude(member_id=member.id)
        return list(rows[:LATEST])


def feedback_on(*, member: Membership, companion_id: uuid.UUID) -> QuerySet[Feedback]:
    """What members think of a companion, the latest first: all of it or the member's own."""
    rows = Feedback.objects.filter(companion_id=companion_id).order_by("-updated_at", "-id")
    return rows if may_read_feedback(member) else rows.filter(member_id=member.id)


def interactions_for(member: Membership) -> QuerySet[Interaction]:
    """The member's own; everybody's for who sees the figures. Of the current placement, the latest first."""
    rows = Interaction.objects.order_by("-created_at", "-id")
    return rows if allowed(member, FIGURES.name) else rows.filter(member_id=member.id)
