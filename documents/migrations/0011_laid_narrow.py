from django.db import migrations

import documents.columns


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0010_only_own_teams'),
    ]

    operations = [
        documents.columns.LayNarrow("Chunk"),
        documents.columns.LayTogether("ChunkVector"),
    ]
