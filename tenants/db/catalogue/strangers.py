"""Rows that were there before the policy asked whom they name: told, never changed.

The one question here that reads rows, as the owner and inside each organization in turn.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from psycopg import sql as psql

from tenants.db.catalogue import sql
from tenants.db.catalogue.reading import Connection, Expected, rows, undisturbed, without_strangers
from tenants.db.operations import MEMBERS, TEAMS, only_own


def named_strangers(
    connection: Connection, expected: Expected, organizations: Iterable[uuid.UUID]
) -> list[str]:
    """In words, for each table and organization, how many rows the policy would not take today.

    Nothing where members live in another database: there is nobody to ask.
    """
    with undisturbed(connection):
        if any(rows(connection, sql.HAS_TABLE, table=one) != [(True,)] for one in (MEMBERS, TEAMS)):
            return []
        return [
            f"{table}: {count} rows of the organization {one} name a member or a team of another"
            for one in organizations
            for table, count in _counted(connection, expected.schema, one)
            if count
        ]


def _counted(connection: Connection, schema: str, organization: uuid.UUID) -> list[tuple[str, int]]:
    connection.execute("SELECT set_config('humana.organization', %s, true)", [organization.hex])
    each = [
        psql.SQL("SELECT {}, count(*) FROM {} WHERE NOT ({})").format(
            psql.Literal(table), psql.Identifier(schema, table), psql.SQL(only_own(table, **named))
        )
        for table, named in sorted(without_strangers().items())
    ]
    return connection.execute(psql.SQL(" UNION ALL ").join(each)).fetchall()
