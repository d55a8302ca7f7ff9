"""When a member was last at work here, to the hour: a write for each request would cost more than it says."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tenants.models import Membership

_NOTED_EVERY = timedelta(hours=1)


def note_seen(member: Membership) -> None:
    """Leaves `updated_at` alone: nobody changed anything."""
    now = timezone.now()
    if member.last_seen_at is None or now - member.last_seen_at > _NOTED_EVERY:
        Membership.objects.filter(id=member.id).update(last_seen_at=now)
