from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_structure_goes_whole")]

    operations = [
        migrations.AddField(
            "placement",
            "engine",
            models.CharField(
                choices=[("postgresql", "PostgreSQL"), ("mysql", "MariaDB"), ("sqlite", "SQLite")],
                default="postgresql",
                editable=False,
                max_length=16,
                verbose_name="engine",
            ),
        ),
        migrations.AddField(
            "placement",
            "one_role",
            models.BooleanField(default=False, editable=False, verbose_name="one role"),
        ),
    ]
