import django.db.models.manager
import documents.fields
import humana.kernel.models
import tenants.db.operations
import tenants.fields
import tenants.scoping
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0002_documents'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chunk',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('source_kind', models.CharField(choices=[('knowledge', 'Knowledge'), ('document', 'Document')], max_length=12)),
                ('source_id', models.UUIDField()),
                ('source_version', models.PositiveIntegerField()),
                ('ordinal', models.PositiveIntegerField()),
                ('place', models.CharField(blank=True, max_length=200)),
                ('text', tenants.fields.ProtectedTextField()),
                ('words', documents.fields.WordsField(default=' ')),
                ('vector', models.BinaryField(null=True)),
                ('vector_model', models.CharField(blank=True, max_length=120)),
            ],
            options={
                'ordering': ['source_id', 'ordinal'],
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'source_kind', 'source_id', 'ordinal'), name='chunk_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        documents.fields.KeepVector("Chunk", "words"),
        tenants.db.operations.IsolateTables("Chunk"),
    ]
