"""The statements that count: written once, the same on every database, several in one message.

Each counter is changed by one UPDATE whose condition is its limit, so two that ask at the same time cannot
both have the last of it. They are sent in the order of `Share`, the same for everybody: nobody waits in a
circle.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connections

from audit.models import Budget, BudgetCounter, BudgetReservation
from tenants.context import current_tenant
from tenants.statements import Statement, insert, select, send, update

#: Counters that this process saw; one that is not there any more is made again.
_seen: set[tuple[uuid.UUID, uuid.UUID, uuid.UUID, date]] = set()
MOST_SEEN = 50_000


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """What of one counter an answer takes: tokens, or parts of money."""

    budget_id: uuid.UUID
    holder_id: uuid.UUID
    starts_on: date
    amount: int
    hard: bool = True

    def kept(self) -> list[Any]:
        """As a reservation keeps it."""
        return [str(self.budget_id), str(self.holder_id), self.starts_on.isoformat(), self.amount]

    @classmethod
    def of(cls, kept: Sequence[Any]) -> Share:
        budget, holder, day, amount = kept
        return cls(uuid.UUID(budget), uuid.UUID(holder), date.fromisoformat(day), int(amount))


def take(share: Share) -> Statement:
    """Reserve it; a hard one only where there is room. Changes no row where there is none."""
    values = [share.amount, *_key(share)]
    if share.hard:
        values += [share.amount, *_budget(share)]
    return Statement(_take(_vendor(), share.hard), values)


def settle(share: Share, run_id: uuid.UUID, used: int, *, state: str, unpriced: int = 0) -> Statement:
    """Count what was used, and give back what was reserved, where the reservation is in that state still.

    Whoever sends it has locked the reservation in the same message: of two, the second finds it gone.
    """
    back = share.amount if state == BudgetReservation.State.HELD else 0
    values = [used, back, unpriced, *_key(share), *_run(run_id), state]
    return Statement(_settle(_vendor()), values)


def make_missing(shares: Iterable[Share]) -> None:
    """Counters of a period that nobody counted in yet; costs nothing once the process saw them."""
    here = current_tenant().organization_id
    missing = [one for one in shares if (here, one.budget_id, one.holder_id, one.starts_on) not in _seen]
    if not missing:
        return
    send(
        insert(
            *(
                BudgetCounter(budget_id=one.budget_id, holder_id=one.holder_id, starts_on=one.starts_on)
                for one in missing
            ),
            once=True,
        )
    )
    if len(_seen) > MOST_SEEN:
        _seen.clear()
    _seen.update((here, one.budget_id, one.holder_id, one.starts_on) for one in missing)


def forget_seen() -> None:
    _seen.clear()


def lock(run_id: uuid.UUID, state: str) -> Statement:
    """Its shares, ours alone until the transaction ends; no row where it is not in that state."""
    return select(BudgetReservation, "shares", lock=True, run_id=run_id, state=state)


def end(run_id: uuid.UUID, state: str) -> Statement:
    """Delete the reservation: what it held is settled."""
    return Statement(_end(_vendor()), [*_run(run_id), state])


def keep(run_id: uuid.UUID, changes: dict[str, Any]) -> Statement:
    """Change a reservation that is held."""
    return update(BudgetReservation, changes, run_id=run_id, state=BudgetReservation.State.HELD)


def _key(share: Share) -> list[Any]:
    field: Any = BudgetCounter._meta.get_field
    connection = _connection()
    return [
        field("organization_id").get_db_prep_value(current_tenant().organization_id, connection),
        field("holder_id").get_db_prep_value(share.budget_id, connection),
        field("holder_id").get_db_prep_value(share.holder_id, connection),
        field("starts_on").get_db_prep_value(share.starts_on, connection),
    ]


def _budget(share: Share) -> list[Any]:
    return _key(share)[:2]


def _run(run_id: uuid.UUID) -> list[Any]:
    field: Any = BudgetReservation._meta.get_field
    connection = _connection()
    return [
        field("organization_id").get_db_prep_value(current_tenant().organization_id, connection),
        field("run_id").get_db_prep_value(run_id, connection),
    ]


_WHERE = "organization_id = %s AND budget_id = %s AND holder_id = %s AND starts_on = %s"


@functools.lru_cache(maxsize=16)
def _take(vendor: str, hard: bool) -> str:
    counters, budgets = _name(BudgetCounter._meta.db_table), _name(Budget._meta.db_table)
    sql = f"UPDATE {counters} SET reserved = reserved + %s WHERE {_WHERE}"  # noqa: S608
    room = f"SELECT amount FROM {budgets} WHERE organization_id = %s AND id = %s"  # noqa: S608
    return f"{sql} AND used + reserved + %s <= ({room})" if hard else sql


@functools.lru_cache(maxsize=16)
def _settle(vendor: str) -> str:
    counters, held = (_name(one._meta.db_table) for one in (BudgetCounter, BudgetReservation))
    changes = "used = used + %s, reserved = reserved - %s, unpriced = unpriced + %s"
    there = f"SELECT 1 FROM {held} WHERE organization_id = %s AND run_id = %s AND state = %s"  # noqa: S608
    return f"UPDATE {counters} SET {changes} WHERE {_WHERE} AND EXISTS ({there})"  # noqa: S608


@functools.lru_cache(maxsize=16)
def _end(vendor: str) -> str:
    table = _name(BudgetReservation._meta.db_table)
    return f"DELETE FROM {table} WHERE organization_id = %s AND run_id = %s AND state = %s"  # noqa: S608


def _connection() -> Any:
    return connections[current_tenant().placement.alias]


def _vendor() -> str:
    return str(_connection().vendor)


def _name(name: str) -> str:
    return str(_connection().ops.quote_name(name))
