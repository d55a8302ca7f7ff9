"""The opposite of making a placement: what belonged to one organization alone is gone."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
from django.apps import apps
from psycopg import sql

from tenants.db import marker
from tenants.routing import TENANT_PLANE


def erase_rows(
    connection: psycopg.Connection[Any], schema: str, organization_id: uuid.UUID
) -> dict[str, int]:
    """Delete an organization's rows in a schema that others share; how many of each table."""
    gone: dict[str, int] = {}
    with connection.transaction():
        path = f"{sql.Identifier(schema).as_string(connection)}, public"
        settings = "SELECT set_config('search_path', %s, true), set_config('humana.organization', %s, true)"
        connection.execute(settings, [path, organization_id.hex])
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in _tables():
            statement = sql.SQL("DELETE FROM {} WHERE organization_id = %s").format(sql.Identifier(table))
            gone[table] = connection.execute(statement, [organization_id]).rowcount
    return gone


def _tables() -> list[str]:
    return [
        model._meta.db_table for label in TENANT_PLANE for model in apps.get_app_config(label).get_models()
    ]


def drop_schema(connection: psycopg.Connection[Any], schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def drop_tables(connection: Any, placement_id: uuid.UUID) -> bool:
    """Where there are no schemas: the tables of the tenant plane, and what is noted about them.

    False, and nothing is dropped, where the database does not say that it is this placement's.
    """
    if not marker.is_of(connection, placement_id):
        return False
    drop_half_made(connection)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {connection.ops.quote_name(marker.TABLE)}")
    return True


def drop_half_made(connection: Any) -> None:
    """The same, of whoever has the marker; the database stays its own."""
    there = marker.tables(connection)
    with connection.cursor() as cursor:
        for table in [*_tables(), "django_migrations"]:
            if table in there:
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}")
