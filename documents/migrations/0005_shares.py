import django.db.models.deletion
import django.db.models.manager
import humana.kernel.models
import tenants.db.operations
import tenants.scoping
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0004_files'),
    ]

    operations = [
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('document_id', models.UUIDField(null=True)),
                ('aim_id', models.UUIDField()),
                ('member_id', models.UUIDField(null=True)),
                ('team_id', models.UUIDField(null=True)),
                ('whose_id', models.UUIDField()),
                ('right', models.CharField(choices=[('read', 'can read'), ('write', 'can read and write')], max_length=5, verbose_name='right')),
                ('given_by', models.UUIDField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('folder', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='documents.folder')),
            ],
            options={
                'verbose_name': 'share',
                'verbose_name_plural': 'shares',
                'ordering': ['created_at', 'id'],
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ShareMark',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('member_id', models.UUIDField()),
                ('left', models.BooleanField(default=False)),
                ('share', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='marks', to='documents.share')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='share',
            index=models.Index(fields=['organization_id', 'whose_id'], name='share_by_party'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.UniqueConstraint(fields=('organization_id', 'aim_id', 'whose_id'), name='share_once'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('document_id__isnull', False), ('folder', None)), models.Q(('document_id', None), ('folder__isnull', False)), _connector='OR'), name='share_of_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('member_id', None), ('team_id__isnull', False)), models.Q(('member_id__isnull', False), ('team_id', None)), _connector='OR'), name='share_with_one_party'),
        ),
        migrations.AddConstraint(
            model_name='sharemark',
            constraint=models.UniqueConstraint(fields=('organization_id', 'share', 'member_id'), name='share_mark_once'),
        ),
        tenants.db.operations.IsolateTables("Share", "ShareMark"),
    ]
