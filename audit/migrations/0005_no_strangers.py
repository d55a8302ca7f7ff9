from django.db import migrations

from tenants.db.operations import RefuseStrangers


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_allowances_seen'),
    ]

    operations = [
        RefuseStrangers("Budget", members=["subject_id"], teams=["subject_id"]),
    ]
