"""Figures after random histories: whatever happened in whatever order, they equal what is there."""

from __future__ import annotations

import uuid
from collections import Counter as Sum
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from audit.models import UsageEvent
from chats.models import Chat, Message, Vote
from chats.services.votes import vote, withdraw_vote
from companions.intelligence.days import day_of
from companions.intelligence.sketch import ENDS
from companions.models import (
    ALL,
    Feedback,
    Figure,
    Handoff,
)
from companions.services.companions import create_companion
from companions.services.feedback import give_feedback, withdraw_feedback
from companions.services.figures import count, recount
from companions.services.handoffs import decline_handoff
from tenants.transactions import tenant_atomic
from tests.companions.conftest import Bakery
from tests.companions.figures import NOW, SAO_PAULO, offered, used

pytestmark = pytest.mark.django_db


class Undone(Exception):
    """One example leaves nothing to the next."""


class Life:
    """Two companions and one member; what happens is dated back, then changed through services only."""

    def __init__(self, bakery: Bakery) -> None:
        self.member = bakery.person("owner")
        self.two = [
            create_companion(name=f"C{n}", purpose="x", base_prompt="x", language="en") for n in range(2)
        ]
        self.chats = [
            Chat.objects.create(owner_id=self.member.user_id, companion=one, last_message_at=NOW)
            for one in self.two
        ]

    def backdate(self, row: Any, at: datetime) -> None:
        type(row).objects.filter(id=row.id).update(created_at=at)
        recount(at)

    def asks(self, who: int, at: datetime, dice: int) -> None:
        outcome = ("done", "failed", "stopped", "judged", "titled")[dice % 5]
        self.backdate(used(self.two[who], at, outcome, dice), at)

    def votes(self, who: int, at: datetime, dice: int) -> None:
        answer = Message.objects.create(chat=self.chats[who], role="companion")
        self.backdate(vote(member=self.member, message=answer, up=dice % 2 == 0), at)

    def thinks_again(self, who: int, at: datetime, dice: int) -> None:
        given = Vote.objects.order_by("id").first()
        if given is not None and dice % 3:
            vote(member=self.member, message=given.message, up=not given.up)
        elif given is not None:
            withdraw_vote(member=self.member, message=given.message)

    def offers(self, who: int, at: datetime, dice: int) -> None:
        offer = offered(self.two[who], self.two[1 - who])
        Handoff.objects.filter(id=offer.id).update(to_user_id=self.member.user_id)
        self.backdate(offer, at)

    def declines(self, who: int, at: datetime, dice: int) -> None:
        offer = Handoff.objects.filter(state="offered").order_by("id").first()
        if offer is not None:
            decline_handoff(member=self.member, handoff_id=offer.id)

    def rates(self, who: int, at: datetime, dice: int) -> None:
        new = not Feedback.objects.filter(companion=self.two[who]).exists()
        row = give_feedback(member=self.member, companion=self.two[who], rating=1 + dice % 5)
        if new:
            self.backdate(row, at)

    def takes_back(self, who: int, at: datetime, dice: int) -> None:
        withdraw_feedback(member=self.member, companion=self.two[who])


HAPPENS = "asks", "votes", "thinks_again", "offers", "declines", "rates", "takes_back", "is_counted"
MOMENT = st.tuples(
    st.sampled_from(HAPPENS), st.integers(0, 1), st.integers(0, 72 * 60), st.integers(1, 200_000)
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MOMENT, max_size=16))
@example([("votes", 0, 3000, 2), ("is_counted", 0, 0, 1), ("thinks_again", 0, 0, 1)])
@example([("votes", 0, 3000, 2), ("is_counted", 0, 0, 1), ("thinks_again", 0, 0, 3)])
@example([("offers", 0, 3000, 2), ("is_counted", 0, 0, 1), ("declines", 0, 0, 1)])
@example([("rates", 0, 3000, 2), ("is_counted", 0, 0, 1), ("rates", 0, 0, 3)])
@example([("rates", 0, 3000, 2), ("is_counted", 0, 0, 1), ("takes_back", 0, 0, 3)])
def test_whatever_happens_in_whatever_order_figures_equal_what_is_there(
    bakery: Bakery, story: list[tuple[str, int, int, int]]
) -> None:
    with suppress(Undone), tenant_atomic():
        life, clock = Life(bakery), NOW
        for what, who, minutes, dice in story:
            clock += timedelta(minutes=1)
            if what == "is_counted":
                count(at=clock)
            else:
                getattr(life, what)(who, NOW - timedelta(minutes=minutes), dice)
        for _round in range(2):
            count(at=clock + timedelta(minutes=1))
        assert counted() == there_is()
        raise Undone


Figures = dict[tuple[date, str, uuid.UUID, uuid.UUID], int]


def counted() -> Figures:
    rows = Figure.objects.values_list("day", "name", "subject_id", "other_id", "value")
    return {tuple(row[:4]): row[4] for row in rows}  # type: ignore[misc]


def there_is() -> Figures:
    """Every row looked at by itself."""
    found: Sum[Any] = Sum()

    def note(at: datetime, name: str, who: uuid.UUID, other: uuid.UUID = ALL) -> None:
        for key in {(name, who, other), (name, ALL, ALL)}:
            found[day_of(at, SAO_PAULO), *key] += 1

    for row in UsageEvent.objects.exclude(outcome__in=("judged", "titled")):
        note(row.created_at, f"answer.{row.outcome}", row.companion_id)
        for name, ms in (("first", row.first_token_ms), ("whole", row.total_ms)):
            if row.outcome == "done" and ms is not None:
                bucket = next((n for n, end in enumerate(ENDS) if ms <= end), len(ENDS))
                note(row.created_at, f"{name}.{bucket}", row.companion_id)
    for given_vote in Vote.objects.select_related("message__chat"):
        note(
            given_vote.created_at,
            "vote.up" if given_vote.up else "vote.down",
            given_vote.message.chat.companion_id,
        )
    for offer in Handoff.objects.all():
        note(offer.created_at, f"handoff.{offer.state}", offer.from_companion_id, offer.to_companion_id)
    for given_ in Feedback.objects.all():
        note(given_.created_at, f"rating.{given_.rating}", given_.companion_id)
    return dict(found)
