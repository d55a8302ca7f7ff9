from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("companions", "0003_audience_checks_access")]

    operations = [
        migrations.AddField(
            "policyversion", "name", models.CharField(blank=True, default="", max_length=120, verbose_name="name"),
            preserve_default=False,
        ),
    ]  # fmt: skip
