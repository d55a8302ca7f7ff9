from django.db import migrations

import tenants.db.operations


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0009_only_own_members'),
    ]

    operations = [
        tenants.db.operations.RefuseStrangers(
            "Share",
            members=["member_id"],
            teams=["team_id"],
            before={"members": ["member_id"]},
        ),
    ]
