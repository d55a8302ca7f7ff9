import django.db.models.deletion
import django.db.models.manager
import humana.kernel.models
import tenants.db.operations
import tenants.fields
import tenants.scoping
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('companions', '0006_tools'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnowledgeAsset',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('removed_at', models.DateTimeField(editable=False, null=True)),
                ('removed_by', models.UUIDField(editable=False, null=True)),
                ('title', models.CharField(max_length=160, verbose_name='title')),
                ('summary', models.CharField(blank=True, max_length=400, verbose_name='summary')),
                ('text', tenants.fields.ProtectedTextField(verbose_name='text')),
                ('language', models.CharField(choices=[('pt-br', 'Português (Brasil)'), ('en', 'English')], default='pt-br', max_length=10, verbose_name='language')),
                ('level', models.CharField(choices=[('public', 'Everyone in the organization'), ('department', 'Its department'), ('team', 'Its team'), ('restricted', 'Only who is named')], default='public', max_length=12, verbose_name='who is told')),
                ('widest', models.CharField(choices=[('public', 'Everyone in the organization'), ('department', 'Its department'), ('team', 'Its team'), ('restricted', 'Only who is named')], default='public', editable=False, max_length=12)),
                ('team_id', models.UUIDField(blank=True, null=True, verbose_name='team')),
                ('source', models.CharField(choices=[('common', 'Common knowledge'), ('companion', 'Shared by a companion'), ('person', 'Shared by a person')], default='common', max_length=12, verbose_name='from')),
                ('author_id', models.UUIDField(editable=False, null=True)),
                ('shared_by_name', models.CharField(blank=True, max_length=120, verbose_name='shared by')),
                ('message_id', models.UUIDField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('shared_by', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='shared_knowledge', to='companions.companion')),
            ],
            options={
                'verbose_name': 'knowledge',
                'verbose_name_plural': 'knowledge',
                'ordering': ['title', 'id'],
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
            name='Capability',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('removed_at', models.DateTimeField(editable=False, null=True)),
                ('removed_by', models.UUIDField(editable=False, null=True)),
                ('kind', models.CharField(choices=[('skill', 'Skill'), ('knowledge', 'Knowledge'), ('integration', 'Integration'), ('tool', 'Tool')], max_length=12, verbose_name='kind')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=400, verbose_name='description')),
                ('instructions', tenants.fields.ProtectedTextField(blank=True, verbose_name='instructions')),
                ('tool_id', models.UUIDField(blank=True, null=True, verbose_name='tool')),
                ('level', models.CharField(choices=[('public', 'Everyone in the organization'), ('department', 'Its department'), ('team', 'Its team'), ('restricted', 'Only who is named')], default='public', max_length=12, verbose_name='who is given it')),
                ('team_id', models.UUIDField(blank=True, null=True, verbose_name='team')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('asset', tenants.scoping.TenantForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='capabilities', to='companions.knowledgeasset')),
            ],
            options={
                'verbose_name': 'capability',
                'verbose_name_plural': 'capabilities',
                'ordering': ['name', 'id'],
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
            name='KnowledgeVersion',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('number', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=160)),
                ('summary', models.CharField(blank=True, max_length=400)),
                ('text', tenants.fields.ProtectedTextField()),
                ('written_by', models.UUIDField(null=True)),
                ('asset', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='companions.knowledgeasset')),
            ],
            options={
                'ordering': ['-number'],
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
            name='SharedUse',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('subject_id', models.UUIDField()),
                ('run_id', models.UUIDField()),
                ('companion_id', models.UUIDField()),
                ('member_id', models.UUIDField()),
                ('asset', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='companions.knowledgeasset')),
                ('capability', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='companions.capability')),
            ],
            options={
                'verbose_name': 'use',
                'verbose_name_plural': 'uses',
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
            name='SharingRule',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('member_id', models.UUIDField(blank=True, null=True, verbose_name='person')),
                ('whose_id', models.UUIDField(editable=False)),
                ('aim_id', models.UUIDField(editable=False)),
                ('allow', models.BooleanField(default=False, verbose_name='allowed')),
                ('asset', tenants.scoping.TenantForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='companions.knowledgeasset', verbose_name='knowledge')),
                ('capability', tenants.scoping.TenantForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='companions.capability', verbose_name='capability')),
                ('companion', tenants.scoping.TenantForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sharing_rules', to='companions.companion', verbose_name='companion')),
            ],
            options={
                'verbose_name': 'rule of sharing',
                'verbose_name_plural': 'rules of sharing',
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
            name='CapabilityGrant',
            fields=[
                ('id', models.UUIDField(default=humana.kernel.models.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization_id', tenants.scoping.OrganizationField(editable=False)),
                ('why', models.CharField(max_length=20)),
                ('capability', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='companions.capability')),
                ('companion', tenants.scoping.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='companions.companion')),
            ],
            options={
                'verbose_name': 'beneficiary',
                'verbose_name_plural': 'beneficiaries',
                'abstract': False,
                'base_manager_name': 'everything',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'capability', 'companion'), name='capability_grant_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='knowledgeasset',
            index=models.Index(fields=['organization_id', 'title', 'id'], name='knowledge_by_title'),
        ),
        migrations.AddIndex(
            model_name='knowledgeasset',
            index=models.Index(fields=['organization_id', 'message_id'], name='knowledge_of_message'),
        ),
        migrations.AddIndex(
            model_name='capability',
            index=models.Index(fields=['organization_id', 'name', 'id'], name='capability_by_name'),
        ),
        migrations.AddConstraint(
            model_name='knowledgeversion',
            constraint=models.UniqueConstraint(fields=('organization_id', 'asset', 'number'), name='knowledge_version_once'),
        ),
        migrations.AddIndex(
            model_name='shareduse',
            index=models.Index(fields=['organization_id', 'subject_id', 'created_at'], name='shared_use_of'),
        ),
        migrations.AddIndex(
            model_name='shareduse',
            index=models.Index(fields=['organization_id', 'companion_id', 'created_at'], name='shared_use_by_companion'),
        ),
        migrations.AddConstraint(
            model_name='shareduse',
            constraint=models.UniqueConstraint(fields=('organization_id', 'run_id', 'subject_id'), name='shared_use_once'),
        ),
        migrations.AddIndex(
            model_name='sharingrule',
            index=models.Index(fields=['organization_id', 'aim_id'], name='sharing_rule_aim'),
        ),
        migrations.AddConstraint(
            model_name='sharingrule',
            constraint=models.UniqueConstraint(fields=('organization_id', 'whose_id', 'aim_id'), name='sharing_rule_once'),
        ),
        tenants.db.operations.IsolateTables(
            "KnowledgeAsset", "KnowledgeVersion", "Capability", "SharingRule", "CapabilityGrant", "SharedUse"
        ),
    ]
