"""Lines of the usage ledger, each added to its day as it is written: pages read days, never the ledger."""

from __future__ import annotations

import functools
import uuid
from typing import Any

from django.db import connections

from audit.budgeting import this_day
from audit.models import UNITS, UsageDay, UsageEvent
from tenants.context import current_tenant
from tenants.statements import Statement, insert

#: Who stands in a line that is of no companion, or of no member: texts that became vectors.
NOBODY = uuid.UUID(int=0)
#: What a line is that is no answer to somebody: it counts with the answers of its day, and is none itself.
BESIDE = frozenset({"judged", "titled", "embedded"})


def written(event: UsageEvent, team_id: uuid.UUID | None) -> tuple[Statement, ...]:
    """The line and its day, to be sent together; `team_id` is the team that the member is in."""
    day = _day(event, team_id)
    return insert(event), insert(day, once=True), _add(day, event)


def _day(event: UsageEvent, team_id: uuid.UUID | None) -> UsageDay:
    """Whose row: everything that tells two rows of one day apart."""
    named = {
        "companion_id": _somebody(event.companion_id),
        "member_id": _somebody(event.member_id),
        "team_id": team_id,
        "model": event.model or event.endpoint,
        "currency": event.currency,
    }
    key = uuid.uuid5(uuid.NAMESPACE_OID, "|".join(str(one) for one in named.values()))
    return UsageDay(day=this_day(), key=key.hex, **named)


def _somebody(one: uuid.UUID) -> uuid.UUID | None:
    return None if one == NOBODY else one


def _add(day: UsageDay, event: UsageEvent) -> Statement:
    cost = event.cost if event.cost is not None else event.estimated_cost
    nothing = event.input_tokens == 0 and not event.output_tokens  # no model was asked
    amounts = [
        int(event.outcome not in BESIDE and not nothing),
        event.input_tokens or 0,
        event.output_tokens or 0,
        event.estimated_tokens or 0,
        int((cost or 0) * UNITS),
        int(cost is None and not nothing),
    ]
    return Statement(_text(_connection().vendor), [*amounts, *_where(day)])


def _where(day: UsageDay) -> list[Any]:
    field: Any = UsageDay._meta.get_field
    connection = _connection()
    return [
        field("organization_id").get_db_prep_value(current_tenant().organization_id, connection),
        field("day").get_db_prep_value(day.day, connection),
        day.key,
    ]


@functools.lru_cache(maxsize=8)
def _text(vendor: str) -> str:
    quote = _connection().ops.quote_name
    names = ("answers", "input_tokens", "output_tokens", "estimated_tokens", "cost", "unpriced")
    changes = ", ".join(f"{quote(name)} = {quote(name)} + %s" for name in names)
    where = f"organization_id = %s AND {quote('day')} = %s AND {quote('key')} = %s"
    return f"UPDATE {quote(UsageDay._meta.db_table)} SET {changes} WHERE {where}"  # noqa: S608


def _connection() -> Any:
    return connections[current_tenant().placement.alias]
