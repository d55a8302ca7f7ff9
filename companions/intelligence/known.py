"""Common knowledge in the figures: what was used the most, and what never was."""

from __future__ import annotations

import uuid
from collections import Counter as Sum
from collections.abc import Iterable
from dataclasses import dataclass

from companions.intelligence.days import bounds, zone_named
from companions.intelligence.periods import Period
from companions.knowledge import assets_for
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import at_main
from tenants.queries import time_zone_of

#: The name of uses of knowledge, and how much of it is told of.
USED, MOST_KNOWLEDGE = "knowledge.used", 10


@dataclass(frozen=True, slots=True)
class Used:
    """Common knowledge and into how many answers it went; no title where the reader may not read it."""

    id: uuid.UUID
    title: str
    uses: int


@dataclass(frozen=True, slots=True)
class Unused:
    """Knowledge that was there all the time and went into no answer: how much, and what some is called."""

    number: int
    titles: list[str]


def uses_in(rows: Iterable[tuple[uuid.UUID, uuid.UUID, str, int]]) -> Sum[uuid.UUID]:
    """Of each asset, by its id."""
    found: Sum[uuid.UUID] = Sum()
    for subject, _other, name, value in rows:
        if name == USED:
            found[subject] += value
    return found


def most_used(member: Membership, uses: Sum[uuid.UUID]) -> list[Used]:
    """What was used the most; no title where the member may not read it."""
    most = uses.most_common(MOST_KNOWLEDGE)
    if not most:
        return []
    with at_main():
        rows = assets_for(member).filter(id__in=[one for one, _number in most])
        titles = dict(rows.values_list("id", "title"))
    return [Used(one, titles.get(one, ""), number) for one, number in most]


def never_used(member: Membership, period: Period, uses: Sum[uuid.UUID]) -> Unused:
    """Of what the member may read."""
    zone = zone_named(time_zone_of(current_tenant().organization_id))
    with at_main():
        rows = assets_for(member).filter(created_at__lt=bounds(period.first, zone)[0])
        found = [title for one, title in rows.values_list("id", "title") if one not in uses]
    return Unused(len(found), found[:3])
