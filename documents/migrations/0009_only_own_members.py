from django.db import migrations

import tenants.db.operations


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0008_pictures'),
    ]

    operations = [
        tenants.db.operations.RefuseStrangers("Share", members=["member_id"]),
    ]
