"""What pages, the API and the console show of endpoints: rows with how they are, never a secret."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from byoc.contracts.fields import Field, TypeSpec
from byoc.entering import values_of
from byoc.models import Endpoint, EndpointHealth, Failover
from byoc.permissions import READ
from byoc.sealing import credentials_of
from byoc.types import TYPES, type_of
from humana.kernel.crypto import CannotOpen
from humana.kernel.errors import NotFound
from humana.kernel.registry import Registry
from tenants.models import Membership, Organization
from tenants.permissions import require

#: Who uses an endpoint, in names for the reader: by kind, from the apps that know.
USERS: Registry[Any] = Registry("users of an endpoint")


@dataclass(frozen=True, slots=True)
class Shown:
    """One endpoint: the row, what its type asks for, how it is, what stands in for it."""

    endpoint: Endpoint
    asked: TypeSpec | None
    health: EndpointHealth | None = None
    failover: Failover | None = None

    @property
    def type_label(self) -> str:
        return _(self.asked.label) if self.asked else self.endpoint.type

    @property
    def serves(self) -> bool:
        """A database serves when it is ready; see `Endpoint.State`."""
        return self.endpoint.state == ("ready" if self.endpoint.kind == "database" else "active")

    @property
    def values(self) -> dict[str, Any]:
        """By the names of its type's fields; nothing that is sealed."""
        return values_of(self.asked, self.endpoint) if self.asked else {}

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """The same with labels in the reader's language; a sealed one only as kept or missing."""
        if self.asked is None:
            return []
        values, kept = self.values, kept_secrets(self.endpoint)
        return [(_(one.label), _said(one, values, kept)) for one in self.asked.fields if one.name != "url"]


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of one kind, under its name."""

    kind: str
    title: Any
    rows: list[Shown] = field(default_factory=list)


def endpoints_of(organization: Organization | None) -> QuerySet[Endpoint]:
    """Those that are not closed; a place on Humana's own servers is no endpoint that anybody entered."""
    rows = Endpoint.objects.filter(organization=organization).exclude(state=Endpoint.State.CLOSED)
    return rows.exclude(kind=Endpoint.Kind.DATABASE, origin="").order_by("kind", "role", "rank", "name")


def board(organization: Organization | None) -> list[Group]:
    """Every endpoint by kind; kinds without one too, so that a page can say what they are for."""
    groups = {kind: Group(kind, label) for kind, label in Endpoint.Kind.choices}
    for one in shown(organization, list(endpoints_of(organization))):
        groups[one.endpoint.kind].rows.append(one)
    return list(groups.values())


def shown(organization: Organization | None, rows: list[Endpoint]) -> list[Shown]:
    """These rows, with two queries for all of them."""
    ids = [row.id for row in rows]
    found = EndpointHealth.objects.filter(organization=organization, endpoint_id__in=ids)
    health = {one.endpoint_id: one for one in found}
    failovers = {one.endpoint_id: one for one in _standing(organization).filter(endpoint_id__in=ids)}
    return [
        Shown(row, type_of(row.kind, row.type), health.get(row.id), failovers.get(row.id)) for row in rows
    ]


def access_endpoint(*, member: Membership, endpoint_id: uuid.UUID) -> Shown:
    """One of the member's organization, for who may see endpoints; else NotFound."""
    require(member, READ.name)
    return shown_one(member.organization, endpoint_id)


def shown_one(organization: Organization | None, endpoint_id: uuid.UUID) -> Shown:
    """NotFound for one that is not this owner's, and for one that is closed."""
    rows = Endpoint.objects.filter(organization=organization, id=endpoint_id)
    row = rows.exclude(state=Endpoint.State.CLOSED).first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    return shown(organization, [row])[0]


def troubled(organization_id: uuid.UUID) -> list[str]:
    """The names of what serves and is not well just now; one query, on every page."""
    bad = EndpointHealth.objects.filter(organization=organization_id, state=EndpointHealth.State.BAD)
    serving = Q(endpoint__state="active") | Q(endpoint__kind="database", endpoint__state="ready")
    return list(bad.filter(serving).order_by("endpoint__name").values_list("endpoint__name", flat=True))


def failovers_of(endpoint: Endpoint, *, most: int = 10) -> list[Failover]:
    """The latest first."""
    rows = Failover.objects.filter(organization=endpoint.organization_id, endpoint=endpoint)
    return list(rows.select_related("endpoint", "to_endpoint")[:most])


def users_of(endpoint: Endpoint) -> list[str]:
    """Names of who uses it, for the reader; empty where nobody does, or nobody knows."""
    return list(USERS.get(endpoint.kind)(endpoint)) if endpoint.kind in USERS else []


def kept_secrets(endpoint: Endpoint) -> frozenset[str]:
    """The names of what is sealed in it, as far as it still opens."""
    try:
        return frozenset(credentials_of(endpoint))
    except CannotOpen:
        return frozenset()


def types_for(*, operators: bool) -> list[tuple[str, Any, list[TypeSpec]]]:
    """Every kind that has types, with those that may be set up: some only by operators."""
    offered = [one for _name, one in TYPES.items() if operators or not one.operators]
    labels = dict(Endpoint.Kind.choices)
    kinds = [(kind, label, [one for one in offered if one.kind == kind]) for kind, label in labels.items()]
    return [one for one in kinds if one[2]]


def _standing(organization: Organization | None) -> Any:
    rows = Failover.objects.filter(organization=organization).exclude(state=Failover.State.OVER)
    return rows.select_related("to_endpoint")


def _said(one: Field, values: Mapping[str, Any], kept: frozenset[str]) -> Any:
    if one.sealed or one.kind == "secret":
        return _("kept, and never shown") if one.name in kept else _("not given")
    value = values.get(one.name)
    if one.kind == "bool":
        return _("yes") if value else _("no")
    if one.kind == "choice":
        labels = dict(one.choices)
        return _(labels[value]) if value in labels else value
    return "–" if value in (None, "") else value
