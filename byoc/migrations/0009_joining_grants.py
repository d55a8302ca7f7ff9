"""Databases that organizations brought before joining one was a grant that can be withdrawn."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db import migrations

from tenants.context import CONTROL_PLANE, TenantContext, use_tenant

PORTS = {"postgresql": 5432, "mysql": 3306, "mongodb": 27017}


def grant(apps: Any, schema_editor: Any) -> None:
    """What serves goes on serving; each organization's rows are seen inside it only."""
    for organization_id in apps.get_model("tenants", "Organization").objects.values_list("id", flat=True):
        with use_tenant(TenantContext(organization_id, "", CONTROL_PLANE)):
            brought = apps.get_model("byoc", "Endpoint").objects.filter(
                organization_id=organization_id, kind="database", state__in=["ready", "active"]
            )
            for endpoint in brought.exclude(origin=""):
                _grant_its_own(apps, endpoint)


def _grant_its_own(apps: Any, endpoint: Any) -> None:
    grants = apps.get_model("byoc", "EgressGrant").objects
    scheme, _sep, hosts = endpoint.origin.partition("://")
    for host in hosts.split(","):
        there = urlsplit(f"{scheme}://{host}")
        grants.get_or_create(
            organization_id=endpoint.organization_id, scheme=scheme, host=there.hostname or "",
            port=there.port or PORTS.get(scheme, 0), network="", expires_at=None,
            defaults={"reason": f"Joined as the database “{endpoint.name}”."},
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("byoc", "0008_failovers_of_the_environment")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
