from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_further_placements")]

    operations = [
        migrations.AddField("organization", "frozen_until", models.DateTimeField(editable=False, null=True)),
    ]
