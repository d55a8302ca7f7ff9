from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_placement_jobs")]

    operations = [
        migrations.AlterField(
            "placementjob",
            "kind",
            models.CharField(
                choices=[
                    ("provision", "Set up"),
                    ("move", "Move"),
                    ("remove", "Remove"),
                    ("clear", "Clear what was left"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
    ]
