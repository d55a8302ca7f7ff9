"""What figures are counted from, made as it was written at some moment."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

from audit.models import UsageEvent
from companions.intelligence.days import zone_named
from companions.models import (
    ALL,
    Companion,
    Figure,
    Handoff,
)

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
SAO_PAULO = zone_named("America/Sao_Paulo")
DAY = date(2026, 3, 10)


def used(companion: Companion, at: datetime, outcome: str = "done", ms: int | None = 800) -> UsageEvent:
    """A line of the ledger as it was written at that moment."""
    row = UsageEvent.objects.create(
        run_id=uuid.uuid4(), companion_id=companion.id, member_id=uuid.uuid4(), endpoint="e", model="m",
        first_token_ms=ms and ms // 4, total_ms=ms, outcome=outcome,
    )  # fmt: skip
    UsageEvent.objects.filter(id=row.id).update(created_at=at)
    return row


def offered(one: Companion, other: Companion) -> Handoff:
    """A conversation on offer, whoever its people are."""
    ids = {name: uuid.uuid4() for name in ("chat_id", "from_user_id", "to_user_id")}
    return Handoff.objects.create(from_companion=one, to_companion=other, **ids)


def kept() -> dict[tuple[date, str, uuid.UUID], int]:
    rows = Figure.objects.filter(other_id=ALL).values_list("day", "name", "subject_id", "value")
    return {(day, name, subject): value for day, name, subject, value in rows}
