from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("byoc", "0004_endpoints_of_every_kind")]

    operations = [
        migrations.AddField(
            model_name="watch",
            name="notices_at",
            field=models.DateTimeField(db_index=True, null=True),
        ),
    ]
