"""What may be asked about endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from byoc.databases import alias_of, endpoint_of, origin_of
from byoc.models import Endpoint
from humana.kernel.errors import NotFound
from tenants.context import current_tenant, use_tenant
from tenants.db.aliases import PREFIX
from tenants.models import Organization, Placement


@dataclass(frozen=True, slots=True)
class Brought:
    """A database that an organization brought: where it is, and what lives there; never how to sign in."""

    endpoint: Endpoint
    used: str  # a sentence; empty where nothing lives there

    @property
    def engine(self) -> str:
        return {"postgresql": "PostgreSQL", "mysql": "MariaDB"}.get(self.endpoint.type, self.endpoint.type)

    @property
    def address(self) -> str:
        origin = origin_of(self.endpoint)
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        return f"{host}:{origin.port}/{self.endpoint.options.get('database', '')}"

    @property
    def encrypted(self) -> bool:
        return bool(self.endpoint.options.get("sslmode") != "disable")


def brought_by(organization: Organization) -> list[Brought]:
    """The databases of the organization's own that are elsewhere than on our servers, by name."""
    rows = Endpoint.objects.filter(organization=organization, kind=Endpoint.Kind.DATABASE)
    with use_tenant(organization.context):
        return [Brought(one, use_of(one)) for one in rows.exclude(origin="").order_by("name", "id")]


def free_databases_of(organization: Organization) -> list[tuple[str, str]]:
    """Alias and name of each of them that is ready and that nothing lives in."""
    ready = [one for one in brought_by(organization) if one.endpoint.state == Endpoint.State.READY]
    return [(alias_of(one.endpoint), one.endpoint.name) for one in ready if not one.used]


def locate_database(alias: str) -> str:
    """Where a database of the organization's own is, without how to sign in. See the port."""
    endpoint = endpoint_of(alias)
    if endpoint.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    return Brought(endpoint, "").address if endpoint.origin else ""


def use_of(endpoint: Endpoint) -> str:
    """What lives in a database, as a sentence; empty for nothing."""
    owner = "o" if endpoint.organization_id else "p"
    places = Placement.objects.filter(database__startswith=f"{PREFIX}{owner}{endpoint.id.hex}_")
    if places.filter(organizations__isnull=False).exists():
        return _("The organization lives in it.")
    if places.filter(further_of__isnull=False).exists():
        return _("Companions live in it, or are about to.")
    if places.exists():
        return _("Rows are kept in it for a way back, or a job is at work there.")
    return ""
