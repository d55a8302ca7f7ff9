from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_moves")]

    operations = [
        migrations.AddField(
            "organization",
            "mixed",
            models.BooleanField(default=False, editable=False, verbose_name="in several placements"),
        ),
        migrations.AddField(
            "placement",
            "further_of",
            models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="further_placements",
                to="tenants.organization",
                verbose_name="further placement of",
            ),
        ),
    ]
