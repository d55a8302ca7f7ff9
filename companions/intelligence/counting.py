"""Counters of what companions themselves write down, and of the ledger below them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Case, F, IntegerField, Model, QuerySet, Value, When
from django.db.models import Count as Number

from audit.models import UsageEvent
from companions.intelligence.counters import Count, Counter, counters, totals
from companions.intelligence.sketch import ENDS
from companions.models import (
    ALL,
    Capability,
    Companion,
    CompanionMessage,
    Feedback,
    Handoff,
    Interaction,
    KnowledgeAsset,
    SharedUse,
    ToolUse,
)

ASKS, SHARES = CompanionMessage.Kind.COLLABORATION_REQUEST, CompanionMessage.Kind.KNOWLEDGE_SHARE
#: What the judge of topics used, and what a title took, is in the ledger too, and is no answer.
NO_ANSWERS = ("judged", "titled", "embedded")


def written(model: type[Model], begins: datetime, ends: datetime) -> QuerySet[Any]:
    """Rows of the organization written between the two, unordered, removed ones too."""
    rows: QuerySet[Any] = model._default_manager.filter(created_at__gte=begins, created_at__lt=ends)
    return rows.order_by()


def counter_of(model: type[Model], count: Any) -> Counter:
    """A counter over one model's rows by the time that they were written."""

    def since(moment: datetime) -> bool:
        return bool(model._default_manager.filter(created_at__gt=moment).exists())

    def first() -> datetime | None:
        rows = model._default_manager.order_by("created_at").values_list("created_at", flat=True)
        found: datetime | None = rows.first()
        return found

    return Counter(count, since, first)


def answers(begins: datetime, ends: datetime) -> Iterator[Count]:
    """How answers ended, how soon they began and how long they took: `answer.done`, `first.7`, `whole.9`."""
    rows = written(UsageEvent, begins, ends).exclude(outcome__in=NO_ANSWERS)
    by_outcome = rows.values_list("companion_id", "outcome").annotate(number=Number("id"))
    yield from (Count(f"answer.{outcome}", number, one) for one, outcome, number in by_outcome)
    done = rows.filter(outcome="done")
    yield from _times(done, "first_token_ms", "first")
    yield from _times(done, "total_ms", "whole")


def _times(rows: QuerySet[Any], column: str, name: str) -> Iterator[Count]:
    whens = [When(**{f"{column}__lte": end}, then=Value(number)) for number, end in enumerate(ENDS)]
    bucket = Case(*whens, default=Value(len(ENDS)), output_field=IntegerField())
    timed = rows.exclude(**{column: None}).annotate(bucket=bucket)
    for one, at, number in timed.values_list("companion_id", "bucket").annotate(number=Number("id")):
        yield Count(f"{name}.{at}", number, one)


def sessions(begins: datetime, ends: datetime) -> Iterator[Count]:
    """Conversations on that day, by kind: one that goes on the next day is counted there again."""
    rows = written(Interaction, begins, ends)
    found = rows.values_list("companion_id", "kind").annotate(number=Number("session_id", distinct=True))
    yield from (Count(f"session.{kind}", number, one) for one, kind, number in found)


def messages(begins: datetime, ends: datetime) -> Iterator[Count]:
    """What companions sent: `sent.share`, `.ask`, `.answer`, `.handoff`; what goes to all has no end."""
    rows = written(CompanionMessage, begins, ends).exclude(sender=None)
    to_one = rows.filter(to_all=False).annotate(to=F("deliveries__recipient_id"))
    columns = ("sender_id", "kind", "parent__kind")
    for sender, kind, parent, to, number in to_one.values_list(*columns, "to").annotate(number=Number("id")):
        yield Count(f"sent.{_what(kind, parent)}", number, sender, to or ALL)
    to_all = rows.filter(to_all=True).values_list(*columns).annotate(number=Number("id"))
    for sender, kind, parent, number in to_all:
        yield Count(f"sent.{_what(kind, parent)}", number, sender)


def _what(kind: str, parent: str | None) -> str:
    if kind == SHARES:
        return "answer" if parent == ASKS else "share"
    return "ask" if kind == ASKS else "handoff"


def handoffs(begins: datetime, ends: datetime) -> Iterator[Count]:
    """Conversations offered on that day, as they stand now: `handoff.accepted`, `handoff.declined` …"""
    rows = written(Handoff, begins, ends).values_list("from_companion_id", "to_companion_id", "state")
    for one, other, state, number in rows.annotate(number=Number("id")):
        yield Count(f"handoff.{state}", number, one or ALL, other or ALL)


def feedback(begins: datetime, ends: datetime) -> Iterator[Count]:
    """Stars given: `rating.1` to `rating.5`."""
    rows = written(Feedback, begins, ends)
    stars = rows.exclude(rating=None).values_list("companion_id", "rating").annotate(number=Number("id"))
    yield from (Count(f"rating.{rating}", number, one) for one, rating, number in stars)


def shared(begins: datetime, ends: datetime) -> Iterator[Count]:
    """How often each asset and capability went into an answer, and how many answers were given knowledge."""
    rows = written(SharedUse, begins, ends)
    for column, name in (("asset_id", "knowledge.used"), ("capability_id", "capability.used")):
        found = rows.exclude(**{column: None}).values_list(column).annotate(number=Number("id"))
        yield from (Count(name, number, one) for one, number in found)
    given = rows.exclude(asset=None).values_list("companion_id")
    for one, number in given.annotate(number=Number("run_id", distinct=True)):
        yield Count("knowledge.answer", number, one)


def tools(begins: datetime, ends: datetime) -> Iterator[Count]:
    """Uses of tools by how they ended: `tool.done`, `tool.refused` …"""
    rows = written(ToolUse, begins, ends).values_list("companion_id", "outcome")
    for one, outcome, number in rows.annotate(number=Number("id")):
        yield Count(f"tool.{outcome}", number, one or ALL)


def declare() -> None:
    """Called once, when the app is ready."""
    counters.add("answers", counter_of(UsageEvent, answers))
    counters.add("sessions", counter_of(Interaction, sessions))
    counters.add("messages", counter_of(CompanionMessage, messages))
    counters.add("handoffs", counter_of(Handoff, handoffs))
    counters.add("feedback", counter_of(Feedback, feedback))
    counters.add("shared", counter_of(SharedUse, shared))
    counters.add("tools", counter_of(ToolUse, tools))
    totals.add("companions", Companion.objects.count)
    totals.add("knowledge", KnowledgeAsset.objects.count)
    totals.add("capabilities", Capability.objects.count)
