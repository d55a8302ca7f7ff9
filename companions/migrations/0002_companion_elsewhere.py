from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("companions", "0001_initial")]

    operations = [
        migrations.AddField("companion", "placement_id", models.UUIDField(editable=False, null=True)),
    ]
