"""What companions did with somebody is written down once, in the transaction of the thing itself."""

from __future__ import annotations

import uuid
from datetime import datetime

from companions.models import Interaction
from tenants.statements import insert, send


def interaction(
    kind: str,
    *,
    companion_id: uuid.UUID,
    member_id: uuid.UUID,
    subject_id: uuid.UUID,
    session_id: uuid.UUID,
    began_at: datetime,
    ended_at: datetime,
    other_id: uuid.UUID | None = None,
    outcome: str = "done",
    count: int = 1,
) -> Interaction:
    """The line, not yet written: a path that every answer takes sends it along with others."""
    return Interaction(
        kind=kind,
        companion_id=companion_id,
        other_id=other_id,
        member_id=member_id,
        subject_id=subject_id,
        session_id=session_id,
        outcome=outcome,
        count=count,
        began_at=began_at,
        ended_at=ended_at,
    )


def record(row: Interaction) -> None:
    """Write it, unless the same thing is written down already."""
    send(insert(row, once=True))
