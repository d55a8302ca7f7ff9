"""A connection that goes back to its pool is in no organization.

The pool's own workers see to it (`reset`), after the request has its answer: nobody waits for it. A
connection that cannot be cleared is thrown away by the pool.
"""

from __future__ import annotations

from typing import Any

import psycopg

ENTER = "SELECT set_config('search_path', %s, false), set_config('humana.organization', %s, false)"
#: The same, with how long a statement may take, in milliseconds; empty: as when the session began.
ENTER_TIMED = f"{ENTER}, set_config('statement_timeout', NULLIF(%s, ''), false)"
NOWHERE = ("public", "", "")


def note(connection: Any, entered: tuple[str, str, str] | None) -> None:
    """Say what the session is set to, before it is handed back; None where nobody knows."""
    connection.humana_entered = entered


def is_cleared(connection: Any) -> bool:
    """Whether it came out of a pool in no organization."""
    return getattr(connection, "humana_entered", None) == NOWHERE


def leave(connection: psycopg.Connection[Any]) -> None:
    """For the pool, which has rolled back what was open."""
    if not is_cleared(connection):
        _clear(connection)
        note(connection, NOWHERE)


def _clear(connection: psycopg.Connection[Any]) -> None:
    connection.execute(ENTER_TIMED, NOWHERE)
    if not connection.autocommit:
        connection.commit()
