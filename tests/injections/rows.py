"""What the organization has decided, as it stands in the database: no injection changes a row of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from byoc.models import EgressGrant, Endpoint
from companions.models import Companion, CompanionAccess, McpServer, McpTool, Policy, ToolRule
from tenants.context import use_tenant
from tenants.models import ApiKey, ConfigValue, Membership, Organization, Team

OF_COMPANIONS = (Companion, CompanionAccess, McpServer, McpTool, Policy, ToolRule)
OF_TENANTS = (ApiKey, ConfigValue, EgressGrant, Endpoint, Membership, Team)


def rules_of(organization: Organization, *, without: Collection[str] = ()) -> dict[str, list[Any]]:
    """Every row of these, by model; `without` are left out."""
    with use_tenant(organization.context):
        inside = {one.__name__: one.objects.order_by("id") for one in OF_COMPANIONS}
        outside = {
            one.__name__: one.objects.filter(organization_id=organization.id).order_by("id")
            for one in OF_TENANTS
        }
        found = {**inside, **outside}
        return {name: list(rows.values()) for name, rows in found.items() if name not in without}
