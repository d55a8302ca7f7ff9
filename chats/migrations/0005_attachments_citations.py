import django.db.models.deletion
import django.db.models.manager
import humana.kernel.models
import tenants.db.operations
import tenants.fields
import tenants.scoping
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chats', '0004_words_and_model'),
    ]

    operations = [
        migrations.AddField(
            model_name='draft',
            name='document_ids',
            field=models.JSONField(null=True),
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('document_id', models.UUIDField()),
                ('name', tenants.fields.ProtectedTextField(verbose_name='name')),
                ('message', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='chats.message')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ['id'],
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'message', 'document_id'), name='attachment_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Citation',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('number', models.PositiveIntegerField()),
                ('source_kind', models.CharField(max_length=12)),
                ('source_id', models.UUIDField()),
                ('version', models.PositiveIntegerField()),
                ('ordinal', models.PositiveIntegerField()),
                ('title', tenants.fields.ProtectedTextField(verbose_name='title')),
                ('place', tenants.fields.ProtectedTextField(blank=True, verbose_name='place')),
                ('quote', tenants.fields.ProtectedTextField(verbose_name='quote')),
                ('message', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='citations', to='chats.message')),
            ],
            options={
                'verbose_name': 'citation',
                'verbose_name_plural': 'citations',
                'ordering': ['number'],
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'message', 'number'), name='citation_number')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        tenants.db.operations.IsolateTables("Attachment", "Citation"),
    ]
