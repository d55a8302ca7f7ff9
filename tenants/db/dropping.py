"""The opposite of making a placement: what belonged to one organization alone is gone."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
from django.apps import apps
from psycopg import sql

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


def drop_tables(connection: Any) -> None:
    """Where there are no schemas: the tables of the tenant plane, and what is noted about them."""
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in [*_tables(), "django_migrations"]:
            if table in there:
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}")
