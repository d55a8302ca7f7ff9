"""Whose a database without schemas is: the placement says so in the database itself.

A name and an address may lead to one server, so two endpoints may be one database, and what an address
says does not tell. The first placement that makes its tables there writes itself into a table of one
row; nothing is made, and nothing is dropped, where that row names another one.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict

TABLE = "humana_placement"
#: What looking at a database makes there for a moment (see `preflight`).
PROBE = "humana_probe"

_MAKE = (
    "CREATE TABLE IF NOT EXISTS humana_placement (id integer PRIMARY KEY, placement char(32), made integer)"
)
_CLAIM = "INSERT INTO humana_placement (id, placement, made) VALUES (1, %s, 0)"
_READ = "SELECT placement, made FROM humana_placement"
_FINISH = "UPDATE humana_placement SET made = 1 WHERE placement = %s"


def refuse_anything(connection: Any) -> None:
    """Conflict where a table or a view is in the database."""
    if tables(connection):
        raise _not_empty()


def claim(connection: Any, placement_id: uuid.UUID) -> bool:
    """Write the placement into an empty database; False where it is there, with all of its tables.

    Raises Conflict where the database is another placement's, or holds anything else.
    """
    if not is_of(connection, placement_id):
        if tables(connection) - {TABLE}:
            raise _not_empty()
        _write(connection, placement_id)
    whose, made = _row(connection)
    if whose != placement_id.hex:
        raise _not_empty()
    return not made


def is_of(connection: Any, placement_id: uuid.UUID) -> bool:
    """Whether the database is this placement's, to change and to drop."""
    return TABLE in tables(connection) and _row(connection)[0] == placement_id.hex


def finish(connection: Any, placement_id: uuid.UUID) -> None:
    """Every table is there: from now on rows may be in them."""
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [placement_id.hex])


def tables(connection: Any) -> set[str]:
    """Tables and views, but for what is there for a moment."""
    with connection.cursor() as cursor:
        found = connection.introspection.table_names(cursor, include_views=True)
    return {*found} - {PROBE}


def _write(connection: Any, placement_id: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
    with suppress(IntegrityError), connection.cursor() as cursor:  # somebody else may be quicker
        cursor.execute(_CLAIM, [placement_id.hex])


def _row(connection: Any) -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        placement, made = cursor.fetchone() or ("", 0)
    return placement, made


def _not_empty() -> Conflict:
    return Conflict(
        _("The database is not empty: something lives in it already. Give an empty one."), code="not_empty"
    )
