from django.db import migrations

import tenants.fields


class Migration(migrations.Migration):

    dependencies = [
        ('chats', '0002_vote_by_time'),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='parts',
            field=tenants.fields.ProtectedJSONField(default=list),
        ),
    ]
