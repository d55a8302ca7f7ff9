import django.db.models.deletion
import django.db.models.manager
import documents.columns
import humana.kernel.models
import tenants.db.operations
import tenants.scoping
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0005_shares'),
    ]

    operations = [
        migrations.AddField(
            model_name='chunk',
            name='language',
            field=models.CharField(blank=True, db_default='', default='', max_length=2),
        ),
        migrations.AddField(
            model_name='chunk',
            name='title',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.CreateModel(
            name='Meaning',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('serving', models.CharField(blank=True, max_length=120)),
                ('wanted', models.CharField(blank=True, max_length=120)),
                ('state', models.CharField(choices=[('steady', 'All passages are up to date'), ('renewing', 'Passages are being read anew'), ('waiting', 'The model does not answer')], default='steady', max_length=12)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=60)),
                ('busy_until', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('organization_id',), name='meaning_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ChunkVector',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('model', models.CharField(max_length=120)),
                ('vector', models.BinaryField()),
                ('chunk', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='vectors', to='documents.chunk')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization_id', 'model', 'chunk'], name='chunk_vector_by_model')],
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'chunk', 'model'), name='chunk_vector_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        documents.columns.KeepSearch("Chunk"),
        documents.columns.KeepEmbedding("ChunkVector"),
        tenants.db.operations.IsolateTables("Meaning", "ChunkVector"),
    ]
