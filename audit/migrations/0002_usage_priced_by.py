from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Whose prices a cost is by, and which state of them; what was noted before has neither."""

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AddField(
            "usageevent",
            "price_source",
            models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            "usageevent",
            "price_version",
            models.CharField(blank=True, db_default="", default="", max_length=24),
        ),
    ]
