"""What an alias of a placement's database stands for: settings as in DATABASES, from an Endpoint.

    at_p<id>_<version>    the platform's own, read outside every organization
    at_o<id>_<version>    an organization's, read inside it; from within another one it is not found

The version is that of the endpoint, so a changed address or password is another alias, with
another pool. An empty origin is the platform's own server: the same roles, another database.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from byoc.adapters.database import make
from byoc.adapters.database.fields import TYPES
from byoc.adapters.database.mongodb import no_rows
from byoc.contracts import DatabaseAdapter
from byoc.endpoints import guard_for, owner_of, spec_of
from byoc.models import Endpoint, Failover
from byoc.standing import Standing, standing
from humana.kernel.egress import EgressRefused, Grant, Guard, Origin
from humana.kernel.egress.addresses import parse
from humana.kernel.errors import NotFound
from tenants.context import CONTROL_PLANE, TenantContext, peek_tenant, use_tenant, without_tenant
from tenants.db.aliases import GRANTED, INSTEAD, PREFIX
from tenants.queries import context_at

#: Those that somebody may bring without more ado.
PORTS = {"postgresql": 5432, "mysql": 3306}
TYPE_PORTS = {one.type: one.schemes for one in TYPES}


def alias_of(endpoint: Endpoint) -> str:
    owner = "o" if endpoint.organization_id else "p"
    return f"{PREFIX}{owner}{endpoint.id.hex}_{endpoint.version}"


def open_database(alias: str, owner: bool = False) -> dict[str, Any]:
    """Settings of a database; with `owner`, of the role that owns the tables. See the port.

    While something stands in for it the alias keeps its name, and leads there.
    """
    endpoint = endpoint_of(alias)
    instead = _standing_at(alias)
    there = endpoint if instead is None else _stand_in(endpoint, instead)
    wanted = settings_of(there, owner=owner)
    granted = (
        partial(_ask_again, there.organization_id, origin_of(there), _dialled(wanted))
        if there.origin
        else None
    )
    return {**wanted, INSTEAD: instead.failover if instead else "", GRANTED: granted}


def _dialled(wanted: dict[str, Any]) -> str:
    """The judged address, as settings of the engines have it."""
    return str(wanted["OPTIONS"].get("hostaddr") or wanted["HOST"])


def _ask_again(organization_id: uuid.UUID | None, origin: Origin, address: str) -> None:
    """Judge what was judged before, by the grants of this moment. EgressRefused where they do not reach."""
    if organization_id is not None:
        guard_for(organization_id).judge(origin, parse(address))


def instead_of(alias: str) -> str:
    """Which failover is in effect for an alias; empty for none. No query where nothing changed."""
    instead = _standing_at(alias)
    return instead.failover if instead else ""


def reads_only(alias: str) -> bool:
    """Whether a replica that takes no changes stands in for that database."""
    instead = _standing_at(alias) if alias.startswith(PREFIX) else None
    return instead is not None and instead.way == Failover.Way.READ_ONLY


def _standing_at(alias: str) -> Standing | None:
    whose, key, _version = _read(alias)
    here = peek_tenant() or context_at(alias) if whose == "o" else None
    if whose == "o" and here is None:
        return None
    return standing(here.organization_id if here else None).get(str(key))


def _stand_in(endpoint: Endpoint, instead: Standing) -> Endpoint:
    """The endpoint itself where what stood in is gone."""
    rows = Endpoint.objects.filter(organization=endpoint.organization_id, kind=Endpoint.Kind.DATABASE)
    with _beside(endpoint):
        return rows.filter(id=instead.by).first() or endpoint


@contextmanager
def _beside(endpoint: Endpoint) -> Iterator[None]:
    """Where the other rows of its owner can be read."""
    if endpoint.organization_id is None:
        with without_tenant(reason="an endpoint of the platform itself"):
            yield
        return
    with use_tenant(TenantContext(endpoint.organization_id, "", CONTROL_PLANE)):
        yield


def endpoint_of(alias: str) -> Endpoint:
    """The endpoint behind an alias. Raises NotFound for an old version, and outside its organization."""
    whose, key, version = _read(alias)
    rows = Endpoint.objects.filter(
        id=key, version=version, kind=Endpoint.Kind.DATABASE, state=Endpoint.State.READY
    )
    if whose == "p":
        with without_tenant(reason="an endpoint of the platform itself"):
            endpoint = rows.first()
    elif peek_tenant() is not None:
        endpoint = rows.first()
    else:
        endpoint = _as_its_organization(alias, rows)
    if endpoint is None:
        raise NotFound("no such database endpoint")
    return endpoint


def _as_its_organization(alias: str, rows: QuerySet[Endpoint]) -> Endpoint | None:
    """For commands and jobs that work on placements, in no organization."""
    whose = context_at(alias)
    if whose is None:
        return None
    with use_tenant(whose):
        return rows.first()


def require_rows(engine: str) -> None:
    """Invalid for an engine that cannot hold a whole organization, with the reason why."""
    if engine == "mongodb":
        raise no_rows()


def settings_of(endpoint: Endpoint, *, owner: bool = False) -> dict[str, Any]:
    """Settings of the database. Invalid for one that carries documents only; see `byoc.documents`."""
    with in_words():
        return database_of(endpoint).settings(owner=owner)


def database_of(endpoint: Endpoint) -> DatabaseAdapter:
    """The endpoint's adapter."""
    return make(spec_of(endpoint), guard_of(endpoint))


def followed_by(endpoint: Endpoint) -> DatabaseAdapter | None:
    """The database that a replica or a backup should have all rows of; None where there is none yet."""
    if endpoint.role not in {Endpoint.Role.REPLICA, Endpoint.Role.BACKUP}:
        return None
    rows = Endpoint.objects.filter(
        organization=endpoint.organization_id, kind=Endpoint.Kind.DATABASE, role=Endpoint.Role.PRIMARY,
        type=endpoint.type, state=Endpoint.State.READY, options__database=endpoint.options.get("database"),
    )  # fmt: skip
    primary = rows.exclude(origin="").first()
    return None if primary is None else database_of(primary)


def guard_of(endpoint: Endpoint) -> Guard:
    """May dial what operators granted its organization, as that stands at each moment; see `byoc.endpoints`.

    A server of the platform's own was joined by its address: that, and no other.
    """
    if endpoint.organization_id is not None:
        return guard_for(endpoint.organization_id)
    whose, ports = owner_of(endpoint.organization_id), TYPE_PORTS[endpoint.type]
    scheme, _sep, hosts = endpoint.origin.partition("://")
    there = [Origin.of(f"{scheme}://{host}", ports=ports) for host in hosts.split(",") if host]
    reason = f"database endpoint {endpoint.id}"
    return Guard(whose, [Grant(whose, one.scheme, one.port, reason, host=one.host) for one in there])


@contextmanager
def in_words() -> Iterator[None]:
    """What the guard of the way out refuses, in the language of who reads it."""
    try:
        yield
    except EgressRefused as refused:
        raise EgressRefused(_(refused.sentence), **refused.told) from None


def origin_of(endpoint: Endpoint) -> Origin:
    """Scheme, host and port of the endpoint."""
    return Origin.of(endpoint.origin, ports=TYPE_PORTS.get(endpoint.type, PORTS))


def _read(alias: str) -> tuple[str, uuid.UUID, int]:
    whose, rest = alias.removeprefix(PREFIX)[:1], alias.removeprefix(PREFIX)[1:]
    key, _sep, version = rest.partition("_")
    try:
        return whose, uuid.UUID(key), int(version)
    except ValueError:
        raise NotFound("no such database alias") from None
