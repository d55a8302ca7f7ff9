from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Django's own rule only: nothing changes in the database."""

    dependencies = [("tenants", "0006_freeze")]

    operations = [
        migrations.AlterField(
            "team",
            "parent",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                to="tenants.team",
                verbose_name="part of",
            ),
        ),
        migrations.AlterField(
            "position",
            "reports_to",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                to="tenants.position",
                verbose_name="reports to",
            ),
        ),
    ]
