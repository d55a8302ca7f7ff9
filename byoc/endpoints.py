"""What this process knows of endpoints: specs with opened credentials, and what may be dialled.

    active(organization_id, "llm", "primary")    those in use, in order; the platform's are not among them
    platform("storage")                          the platform's own, from rows of its own
    guard_for(owner)                             who may dial what, grants included

Kept per organization and read again within a second of any change in whatever process (`Fresh`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from django.utils import timezone

from byoc.adapters.llm.options import EmbeddingOptions
from byoc.contracts import EndpointSpec, Kind
from byoc.models import EgressGrant, Endpoint
from byoc.sealing import credentials_of
from humana.kernel.crypto import CannotOpen
from humana.kernel.egress import Grant, Guard
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant, without_tenant
from tenants.freshness import Fresh
from tenants.models import Organization

#: What an adapter gets as its one key, where a service asks for one word.
KEY = "key"
#: What an endpoint of embeddings may be told.
OF_EMBEDDINGS = frozenset(EmbeddingOptions.__struct_fields__)
#: The model of an endpoint for models, among its options.
MODEL = "model"


@dataclass(frozen=True, slots=True)
class Known:
    """Everything of one owner: endpoints in use, grants, and the zone that its content does not leave."""

    specs: tuple[EndpointSpec, ...]
    grants: tuple[Grant, ...]
    zone: str = ""


def spec_of(endpoint: Endpoint) -> EndpointSpec:
    """What its adapter is made from. Raises CannotOpen where the credentials belong to another place."""
    credentials = credentials_of(endpoint)
    return EndpointSpec(
        name=endpoint.name,
        kind=kind_of(endpoint),
        type=endpoint.type,
        url=endpoint.url,
        model=endpoint.options.get(MODEL) or _first_model(endpoint),
        key=credentials.pop(KEY, ""),
        owner=owner_of(endpoint.organization_id),
        max_output_tokens=endpoint.limits.get("max_output_tokens"),
        context_tokens=endpoint.limits.get("context_tokens"),
        options=_options(endpoint),
        credentials=credentials,
        role=endpoint.role,
        region=endpoint.region,
        zone=endpoint.zone,
        id=str(endpoint.id),
        version=endpoint.version,
    )


def owner_of(organization_id: uuid.UUID | None) -> str:
    return str(organization_id) if organization_id else "platform"


def active(organization_id: uuid.UUID, kind: Kind, role: str | None = None) -> tuple[EndpointSpec, ...]:
    """The organization's own endpoints in use, in their order. No query where nothing changed."""
    return _of_kind(_known(organization_id).specs, kind, role)


def platform(kind: Kind, role: str | None = None) -> tuple[EndpointSpec, ...]:
    """The platform's own in use that an operator entered; those of the environment are in `byoc.platform`."""
    return _of_kind(_known(None).specs, kind, role)


def read(organization_id: uuid.UUID | None) -> Known:
    """The same from the rows as they are now, in the transaction at hand."""
    return _load(organization_id)


def zone_of(organization_id: uuid.UUID) -> str:
    """The zone that the organization's content does not leave; empty for anywhere."""
    return _known(organization_id).zone


def guard_for(organization_id: uuid.UUID | None, *further: Grant) -> Guard:
    """Who may dial what for this owner, also when that changes: an adapter may keep it.

    `further` are grants by the environment of the platform itself.
    """
    _known(organization_id)
    return LiveGuard(organization_id, further)


def changed(organization_id: uuid.UUID | None) -> None:
    """In the transaction of a change of endpoints or grants."""
    _known.changed(organization_id)


def forget() -> None:
    """This process reads everything again."""
    _known.forget()


def _load(organization_id: uuid.UUID | None) -> Known:
    if organization_id is None:
        with without_tenant(reason="endpoints of the platform itself"):
            return _read(None)
    with use_tenant(TenantContext(organization_id, "", CONTROL_PLANE)):
        return _read(organization_id)


def _read(organization_id: uuid.UUID | None) -> Known:
    rows = Endpoint.objects.filter(organization=organization_id, state=Endpoint.State.ACTIVE)
    grants = EgressGrant.objects.filter(organization=organization_id)
    now = timezone.now()
    return Known(
        tuple(spec for row in rows.order_by("kind", "rank", "name") for spec in _opened(row)),
        tuple(_grant(one) for one in grants if one.expires_at is None or one.expires_at > now),
        _zone(organization_id) if organization_id else "",
    )


def _zone(organization_id: uuid.UUID) -> str:
    return Organization.objects.filter(id=organization_id).values_list("zone", flat=True).first() or ""


def _opened(endpoint: Endpoint) -> tuple[EndpointSpec, ...]:
    """What cannot be opened does not serve; it takes no other endpoint along."""
    try:
        return (spec_of(endpoint),)
    except CannotOpen:
        return ()


def _grant(row: EgressGrant) -> Grant:
    return Grant(
        owner_of(row.organization_id),
        row.scheme,
        row.port,
        f"grant {row.id}",
        host=row.host or None,
        network=ip_network(row.network) if row.network else None,
    )


_known: Fresh[Known] = Fresh("endpoints", _load)


class LiveGuard(Guard):
    """Judges by the grants as this process last read them; asks nobody while it dials."""

    def __init__(self, organization_id: uuid.UUID | None, further: Iterable[Grant]) -> None:
        self._organization_id = organization_id
        self._further = tuple(further)
        super().__init__(owner_of(organization_id))

    @property
    def grants(self) -> tuple[Grant, ...]:
        known = _known.peek(self._organization_id)
        found = (*(known.grants if known else ()), *self._further)
        return tuple(one for one in found if one.owner == self.owner)

    @grants.setter
    def grants(self, given: tuple[Grant, ...]) -> None:
        """What `Guard` begins with: nothing."""


def _of_kind(specs: tuple[EndpointSpec, ...], kind: Kind, role: str | None) -> tuple[EndpointSpec, ...]:
    return tuple(one for one in specs if one.kind == kind and role in (None, one.role))


def kind_of(endpoint: Endpoint) -> Kind:
    kinds: dict[str, Kind] = {
        "llm": "llm",
        "storage": "storage",
        "database": "database",
        "monitoring": "monitoring",
        "identity": "identity",
    }
    return kinds[endpoint.kind]


def _options(endpoint: Endpoint) -> dict[str, Any]:
    """The adapter's own; what its models can do and cost goes along with them."""
    options = {name: value for name, value in endpoint.options.items() if name != MODEL}
    if endpoint.role == Endpoint.Role.EMBEDDING:  # the form is that of models that answer
        options = {name: value for name, value in options.items() if name in OF_EMBEDDINGS}
    if endpoint.offers:
        options["models"] = endpoint.offers
    if endpoint.prices:
        options["prices"] = endpoint.prices
    return options


def _first_model(endpoint: Endpoint) -> str:
    return str(endpoint.offers[0]["name"]) if endpoint.offers else ""
