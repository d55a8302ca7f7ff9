from __future__ import annotations

from django.db import migrations, models
from django.db.models.fields.json import KT


class Migration(migrations.Migration):
    dependencies = [("byoc", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            "endpoint",
            models.UniqueConstraint(
                "origin",
                KT("options__database"),
                name="byoc_endpoint_brought_once",
                condition=models.Q(organization__isnull=False, role="primary") & ~models.Q(origin=""),
            ),
        ),
    ]
