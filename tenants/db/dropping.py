"""The opposite of making a placement: what belonged to one organization alone is gone."""

from __future__ import annotations

from typing import Any

import psycopg
from django.apps import apps
from psycopg import sql

from tenants.routing import TENANT_PLANE


def drop_schema(connection: psycopg.Connection[Any], schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def drop_tables(connection: Any) -> None:
    """Where there are no schemas: the tables of the tenant plane, and what is noted about them."""
    tables = set(connection.introspection.table_names())
    models = [one for label in TENANT_PLANE for one in apps.get_app_config(label).get_models()]
    with connection.schema_editor() as editor:
        for model in models:
            if model._meta.db_table in tables:
                editor.delete_model(model)
        if "django_migrations" in tables:
            editor.execute("DROP TABLE django_migrations")
