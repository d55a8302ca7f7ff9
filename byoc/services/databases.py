"""Databases that placements can be in."""

from __future__ import annotations

from byoc.databases import alias_of, endpoint_of
from byoc.models import Endpoint
from tenants.context import use_tenant
from tenants.models import Organization


def register_database(organization: Organization) -> str:
    """An endpoint for a database on the platform's own server, for this organization alone; its alias."""
    with use_tenant(organization.context):
        endpoint = Endpoint(
            organization=organization,
            kind=Endpoint.Kind.DATABASE,
            type="postgresql",
            name=f"{organization.slug} (Humana)",
            zone=organization.zone,
        )
        endpoint.options = {"database": _name(organization.slug, endpoint.id.hex)}
        endpoint.save(force_insert=True)
    return alias_of(endpoint)


def release_database(alias: str) -> None:
    """The endpoint of a database that was ours to drop goes; one that the customer brought stays."""
    endpoint = endpoint_of(alias)
    if not endpoint.origin:
        endpoint.delete()


def _name(slug: str, key: str) -> str:
    return f"humana_{slug[:30].replace('-', '_')}_{key[-12:]}"
