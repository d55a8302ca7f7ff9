"""Databases that placements can be in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from byoc.databases import PORTS, alias_of, endpoint_of, in_words, require_rows
from byoc.models import Endpoint
from byoc.queries import use_of
from byoc.sealing import sealed_credentials
from byoc.services.grants import forget_joining, grant_by_joining
from humana.kernel.egress import Origin
from humana.kernel.errors import Conflict, Invalid, NotFound
from tenants.context import use_tenant, without_tenant
from tenants.db.aliases import forget
from tenants.db.preflight import preflight
from tenants.models import Organization, User
from tenants.services.events import control_event


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


#: What libpq would also take (`prefer`, `allow`) leaves it to whoever is in between.
SSLMODES = ("verify-full", "verify-ca", "require", "disable")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a customer's database is, and how to sign in: one role, or an owner of the tables beside it.

    `sslmode` is as libpq has it; `disable` is for a network that nobody else is on. `pooler` says that
    transactions may each have another session (PgBouncer's transaction mode).
    """

    engine: str
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    owner_user: str = ""
    owner_password: str = field(default="", repr=False)
    sslmode: str = "verify-full"
    pooler: bool = False


def bring_database(
    *, organization: Organization, name: str, address: Address, operator: User | None = None
) -> str:
    """Join a database that the organization brings, once it was looked at; its alias.

    Its address is granted to the organization with that: withdrawn, nobody reaches the database any more.

    Raises Invalid for an address that cannot be, Conflict for a database that was brought before or
    is not empty, and EndpointError with a sentence that says what to change there; then nothing of it
    stays. Takes seconds where the server does not answer: not for the inside of a transaction.
    """
    with use_tenant(organization.context):
        return _joined(_endpoint(organization, name, address), lend=True, operator=operator)


def forget_database(*, organization: Organization, endpoint_id: uuid.UUID) -> str:
    """Forget where a database that the organization brought is, and how to sign in; its name.

    Nothing is changed there. Raises Conflict while a placement is in it.
    """
    with use_tenant(organization.context), transaction.atomic():
        Organization.objects.select_for_update().get(id=organization.id)  # no move begins meanwhile
        brought = Endpoint.objects.filter(organization=organization, kind=Endpoint.Kind.DATABASE)
        endpoint = brought.exclude(origin="").filter(id=endpoint_id).first()
        if endpoint is None:
            raise NotFound(_("There is nothing here."))
        used = use_of(endpoint)
        if used:
            raise Conflict(
                _("“%(name)s” cannot be removed. %(why)s") % {"name": endpoint.name, "why": used},
                code="database_in_use",
            )
        control_event(
            "endpoint.removed", "endpoint", endpoint.id, organization_id=organization.id,
            payload={"name": endpoint.name, "type": endpoint.type},
        )  # fmt: skip
        alias = alias_of(endpoint)
        forget_joining(endpoint)
        endpoint.delete()
    forget(alias)
    return endpoint.name


def join_server(*, name: str, address: Address) -> str:
    """Join another server of the platform's own, for pools and schemas of many organizations; its alias.

    Raises as `bring_database` does. Only PostgreSQL keeps organizations apart within one database.
    """
    if address.engine != "postgresql":
        raise Invalid(_("Only PostgreSQL keeps organizations apart within one database."), field="engine")
    with without_tenant(reason="a server of the platform itself"):
        begun = Endpoint.objects.filter(organization=None, kind=Endpoint.Kind.DATABASE, name=name[:80])
        for left in begun:  # joining was cut off before anything was made there
            if not use_of(left):
                left.delete()
        return _joined(_endpoint(None, name, address), lend=False)


def join_server_at(*, name: str, url: str, owner_url: str = "") -> str:
    """The same, by addresses as in DATABASE_URL. See the port."""
    try:
        there, owner = urlsplit(url), urlsplit(owner_url)
        port = there.port or PORTS["postgresql"]
        asked = dict(parse_qsl(there.query, strict_parsing=bool(there.query)))
    except ValueError:
        raise Invalid(_("This is not the address of a database."), field="url") from None
    if asked.keys() - {"sslmode"} or there.fragment:
        raise Invalid(_("Of what an address may ask for, only sslmode is understood here."), field="url")
    address = Address(
        engine=there.scheme,
        host=there.hostname or "",
        port=port,
        database=unquote(there.path.lstrip("/")),
        user=unquote(there.username or ""),
        password=unquote(there.password or ""),
        owner_user=unquote(owner.username or ""),
        owner_password=unquote(owner.password or ""),
        sslmode=asked.get("sslmode", "verify-full"),
    )
    return join_server(name=name, address=address)


def _joined(endpoint: Endpoint, *, lend: bool, operator: User | None = None) -> str:
    """Looked at before it is kept; the event says what was found there."""
    alias = alias_of(endpoint)
    _keep(endpoint, operator)
    try:
        found = preflight(alias, lend=lend, empty=True)
    except BaseException:
        with transaction.atomic():
            forget_joining(endpoint)
            Endpoint.objects.filter(id=endpoint.id).delete()
        raise
    finally:
        forget(alias)
    control_event(
        "endpoint.joined", "endpoint", endpoint.id, organization_id=endpoint.organization_id,
        payload={"name": endpoint.name, "type": endpoint.type, **found},
    )  # fmt: skip
    return alias


def _keep(endpoint: Endpoint, operator: User | None) -> None:
    """Raises Conflict for a database that was brought before, and does not tell by whom."""
    try:
        with transaction.atomic():
            endpoint.save(force_insert=True)
            if endpoint.organization_id is not None:
                grant_by_joining(endpoint, operator)
    except IntegrityError:
        message = _("This database has been brought already. Each organization needs one of its own.")
        raise Conflict(message, code="brought_already") from None


def _endpoint(organization: Organization | None, name: str, address: Address) -> Endpoint:
    require_rows(address.engine)
    if address.engine not in PORTS:
        raise Invalid(_("Choose PostgreSQL or MariaDB."), field="engine")
    if address.sslmode not in SSLMODES:
        raise Invalid(
            _("Say whether the connection is encrypted: verify-full, require or disable."), field="sslmode"
        )
    there = _there(address)
    origin = f"{there.scheme}://{_bracketed(there.host)}:{there.port}"
    endpoint = Endpoint(
        organization=organization,
        kind=Endpoint.Kind.DATABASE,
        type=address.engine,
        name=name[:80],
        zone=organization.zone if organization else "",
        origin=origin,
    )
    endpoint.options = {"database": address.database, "sslmode": address.sslmode, "pooler": address.pooler}
    known = {key: getattr(address, key) for key in ("user", "password", "owner_user", "owner_password")}
    endpoint.credentials = sealed_credentials(endpoint, known)
    return endpoint


def _there(address: Address) -> Origin:
    """Only what every parser reads as the same one host. Invalid, or EgressRefused, for the rest."""
    with in_words():
        there = Origin.of(f"{address.engine}://{_bracketed(address.host)}:{address.port}", ports=PORTS)
    if set(address.host) & set("/?#") or there.port != address.port:
        raise Invalid(_("Write the name or the address of the server and nothing else."), field="host")
    return there


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def release_database(alias: str, entirely: bool = False) -> None:
    """The endpoint of a database that was ours to drop goes; one that the customer brought stays.

    So goes that of a server of the platform's own, once nothing is on it; and any, `entirely`.
    """
    endpoint = endpoint_of(alias)
    if entirely or not endpoint.origin or (endpoint.organization_id is None and not use_of(endpoint)):
        endpoint.delete()


def _name(slug: str, key: str) -> str:
    return f"humana_{slug[:30].replace('-', '_')}_{key[-12:]}"
