from django.db import migrations

from tenants.db.operations import RefuseStrangers


class Migration(migrations.Migration):

    dependencies = [
        ('companions', '0010_tool_sign_in'),
    ]

    operations = [
        RefuseStrangers("Companion", teams=["team_id"]),
        RefuseStrangers("CompanionAccess", teams=["team_id"]),
        RefuseStrangers("KnowledgeAsset", teams=["team_id"]),
        RefuseStrangers("Capability", teams=["team_id"]),
        RefuseStrangers("SharingRule", members=["member_id"]),
        RefuseStrangers("McpServer", members=["member_id"]),
    ]
