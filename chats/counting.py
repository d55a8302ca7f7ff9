"""What members think of answers, for the figures of companions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count as Number

from chats.models import Vote
from companions.intelligence.counters import Count, counters
from companions.intelligence.counting import counter_of, written


def votes(begins: datetime, ends: datetime) -> Iterator[Count]:
    """Votes given in that time, as they stand now: `vote.up`, `vote.down`."""
    rows = written(Vote, begins, ends).values_list("message__chat__companion_id", "up")
    for one, up, number in rows.annotate(number=Number("id")):
        yield Count("vote.up" if up else "vote.down", number, one)


def declare() -> None:
    """Called once, when the app is ready."""
    counters.add("votes", counter_of(Vote, votes))
