import django.db.models.manager
import humana.kernel.models
import tenants.db.operations
import tenants.scoping
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0003_passages'),
    ]

    operations = [
        migrations.CreateModel(
            name='DocumentFile',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('document_id', models.UUIDField(editable=False)),
                ('uploaded_by', models.UUIDField(editable=False)),
                ('key', models.CharField(editable=False, max_length=120)),
                ('copied_from', models.CharField(blank=True, editable=False, max_length=120)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('media_type', models.CharField(editable=False, max_length=100, verbose_name='type')),
                ('size', models.PositiveBigIntegerField(editable=False, verbose_name='bytes')),
                ('digest', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('purpose', models.CharField(blank=True, editable=False, max_length=20)),
                ('state', models.CharField(choices=[('received', 'Waiting'), ('extracting', 'Being read'), ('indexing', 'Being indexed'), ('ready', 'Ready'), ('failed', 'Not readable')], default='received', max_length=12, verbose_name='state')),
                ('progress', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('problem', models.CharField(blank=True, editable=False, max_length=40)),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('passages', models.PositiveIntegerField(default=0, editable=False)),
                ('cut', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'verbose_name': 'file',
                'verbose_name_plural': 'files',
                'ordering': ['-id'],
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization_id', 'uploaded_by', 'state'], name='document_file_by_person')],
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'document_id'), name='document_file_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        tenants.db.operations.IsolateTables("DocumentFile"),
    ]
