"""The first pool: one schema that many organizations share, isolated by row."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations

POOL = {"name": "Main pool", "schema_name": "pool_main", "isolation": "row"}


def make_pool(apps: Any, schema_editor: Any) -> None:
    Placement = apps.get_model("tenants", "Placement")
    if not Placement.objects.filter(**POOL).exists():
        Placement.objects.create(**POOL)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"CREATE SCHEMA IF NOT EXISTS pool_main; GRANT USAGE ON SCHEMA pool_main TO \"{settings.HUMANA_APP_ROLE}\"",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(make_pool, migrations.RunPython.noop),
    ]
