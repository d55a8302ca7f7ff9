"""What may be asked about endpoints."""

from __future__ import annotations

from byoc.databases import alias_of
from byoc.models import Endpoint
from tenants.context import use_tenant
from tenants.models import Organization


def databases_brought_by(organization: Organization) -> list[tuple[str, str]]:
    """Alias and name of each database of the organization's own that is elsewhere than on our servers."""
    ready = Endpoint.objects.filter(kind=Endpoint.Kind.DATABASE, state=Endpoint.State.READY)
    with use_tenant(organization.context):
        return [
            (alias_of(one), one.name) for one in ready.filter(organization=organization).exclude(origin="")
        ]
