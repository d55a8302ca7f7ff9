"""Figures, feedback and interactions, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from rest_framework import serializers

from companions.intelligence.files import FIGURES
from companions.intelligence.opportunities import Opportunity, opportunities
from companions.intelligence.reading import Between, OfCompanion, Report
from companions.intelligence.tally import Tally
from companions.models import Feedback
from companions.services.feedback import LIMIT
from humana.api.inputs import IdOf, Input, Text
from humana.api.shapes import NameRef, Shape


class TallyShape(Shape, frozen=True):
    """Figures of some days. Shares are from 0 to 1, times in milliseconds; null where there was nothing to
    make it of. `success` leaves out answers that somebody stopped; `first_95` is within what 95 of 100
    answers began. `opinions` are votes on answers and stars for companions.
    """

    answers: int
    failed: int
    success: float | None
    first_50: int | None
    first_95: int | None
    whole_50: int | None
    whole_95: int | None
    sessions: int
    messages: int
    shares: int
    handoffs: int
    accepted: float | None
    opinions: int
    satisfaction: float | None
    knowledge: float | None
    tools: int


class DayShape(Shape, frozen=True):
    """Everybody's figures of one day of the organization's."""

    day: date
    figures: TallyShape


class CompanionFiguresShape(Shape, frozen=True):
    """One companion's, in this period and the one before."""

    companion: NameRef
    now: TallyShape
    before: TallyShape


class BetweenShape(Shape, frozen=True):
    """How often one companion turned to another."""

    giver: NameRef
    taker: NameRef
    handoffs: int
    asks: int
    shares: int


class UsedShape(Shape, frozen=True):
    """Common knowledge and into how many answers it went; no title where the caller may not read it."""

    id: uuid.UUID
    title: str
    uses: int


class OpportunityShape(Shape, frozen=True):
    """What could be better: the rule that found it, the companion if it is about one, and its numbers in a
    sentence.
    """

    rule: str
    companion: NameRef | None
    evidence: str


class ReportShape(Shape, frozen=True):
    """All figures of a period and of the one before, which is as long. `counted_to` is how far they are
    counted; `silent` names placements that did not answer, whose figures are missing.
    """

    first: date
    last: date
    totals: dict[str, int]
    now: TallyShape
    before: TallyShape
    daily: list[DayShape]
    companions: list[CompanionFiguresShape]
    between: list[BetweenShape]
    knowledge: list[UsedShape]
    opportunities: list[OpportunityShape]
    counted_to: datetime | None
    silent: list[uuid.UUID]


class FeedbackShape(Shape, frozen=True):
    """What a member thinks of a companion: stars, words, or both."""

    id: uuid.UUID
    companion_id: uuid.UUID
    member_id: uuid.UUID
    rating: int | None
    text: str
    answer_id: uuid.UUID | None
    created_at: datetime
    updated_at: datetime


class InteractionShape(Shape, frozen=True):
    """One thing a companion did with somebody: an answer, a message, a conversation handed on. All of one
    `session_id` belong together; `count` is how many messages it was made of.
    """

    id: uuid.UUID
    kind: str
    companion_id: uuid.UUID
    other_id: uuid.UUID | None
    member_id: uuid.UUID
    subject_id: uuid.UUID
    session_id: uuid.UUID
    outcome: str
    count: int
    began_at: datetime
    ended_at: datetime
    created_at: datetime


class FeedbackInput(Input):
    """Stars from one to five, words, or both; `answer_id` an answer of one's own that it is about."""

    rating = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    text = Text(max_length=LIMIT, required=False, allow_blank=True)
    answer_id = IdOf(required=False, allow_null=True)


def tally(one: Tally) -> TallyShape:
    return TallyShape(*(getattr(one, name) for name in FIGURES))


def report(found: Report) -> ReportShape:
    return ReportShape(
        first=found.period.first,
        last=found.period.last,
        totals=found.totals,
        now=tally(found.now),
        before=tally(found.before),
        daily=[DayShape(day, tally(one)) for day, one in found.daily],
        companions=[_of_companion(one) for one in found.companions],
        between=[_between(one) for one in found.between],
        knowledge=[UsedShape(one.id, one.title, one.uses) for one in found.knowledge],
        opportunities=[_opportunity(one) for one in opportunities(found)],
        counted_to=found.counted_to,
        silent=[one.placement.id for one in found.silent],
    )


def _of_companion(one: OfCompanion) -> CompanionFiguresShape:
    who = NameRef(one.companion.id, one.companion.name)
    return CompanionFiguresShape(who, tally(one.now), tally(one.before))


def _between(one: Between) -> BetweenShape:
    giver, taker = NameRef(one.giver.id, one.giver.name), NameRef(one.taker.id, one.taker.name)
    return BetweenShape(giver, taker, one.handoffs, one.asks, one.shares)


def _opportunity(one: Opportunity) -> OpportunityShape:
    about = NameRef(one.about.id, one.about.name) if one.about else None
    return OpportunityShape(one.rule, about, one.evidence)


def feedback(row: Feedback) -> FeedbackShape:
    return FeedbackShape(*(getattr(row, name) for name in FeedbackShape.__struct_fields__))
