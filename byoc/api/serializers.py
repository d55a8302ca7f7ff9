"""Endpoints, as the API tells and takes them. Secrets are only ever taken."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from byoc.board import Shown, kept_secrets
from byoc.contracts import Health
from byoc.contracts.fields import Field, TypeSpec
from byoc.describing import LAST, LINES, WORD
from byoc.models import Endpoint, EndpointHealth
from byoc.queries_health import EndpointReport, HealthReport
from byoc.services.spares import choices_of
from humana.api.inputs import IdOf, Input, Text
from humana.api.shapes import Shape
from humana.kernel.errors import Invalid


class EndpointHealthShape(Shape, frozen=True):
    """How it is, after several looks. `code` is one of the codes of failures; empty while it is well."""

    state: str
    since: datetime | None
    probed_at: datetime | None
    well_at: datetime | None
    milliseconds: int | None
    code: str
    message: str


class EndpointShape(Shape, frozen=True):
    """An endpoint. `values` are what its type asks for, by name, without anything secret."""

    id: uuid.UUID
    name: str
    kind: str
    role: str
    type: str
    state: str
    address: str
    zone: str
    region: str
    tags: list[str]
    rank: int
    values: dict[str, Any]
    offers: list[dict[str, Any]]
    limits: dict[str, Any]
    prices: dict[str, Any]
    health: EndpointHealthShape | None
    created_at: datetime
    updated_at: datetime
    version: int


class SpareShape(Shape, frozen=True):
    """Another endpoint that may stand in."""

    id: uuid.UUID
    name: str


class EndpointDetail(EndpointShape, frozen=True):
    """One endpoint. `kept` names the secrets that are sealed in it; what they are is told to nobody.

    `stands_in` names what serves instead just now, empty where nothing does; null where it serves itself.
    `spares` are those that may be chosen to, the first one first.
    """

    kept: list[str]
    stands_in: str | None
    spares: list[SpareShape]


class LookShape(Shape, frozen=True):
    """What the service itself answered. `message` says what to change."""

    ok: bool
    milliseconds: int
    code: str
    message: str
    endpoint: EndpointDetail


class FieldShape(Shape, frozen=True):
    """One thing to fill in. A `secret` is only ever taken; `sealed` ones are kept beside the secrets."""

    name: str
    label: str
    kind: str
    required: bool
    help: str
    sealed: bool
    default: str | int | bool | None
    choices: list[str]
    least: int | None
    most: int | None


class EndpointTypeShape(Shape, frozen=True):
    """A type of endpoint, and what it asks for in `values`."""

    kind: str
    type: str
    label: str
    roles: list[str]
    schemes: list[str]
    fields: list[FieldShape]


class EndpointTypes(Shape, frozen=True):
    """Every type that an organization may set up by itself."""

    results: list[EndpointTypeShape]


class StandInShape(Shape, frozen=True):
    """What stands in for an endpoint, or waits to; `by` is empty where the rest works on without it."""

    id: uuid.UUID
    endpoint_id: uuid.UUID
    endpoint: str
    way: str
    state: str
    by: str
    why: str
    since: datetime


class ReportedEndpoint(Shape, frozen=True):
    """One endpoint of the report. `well` is the share of good looks of the last 24 hours, from 0 to 1."""

    id: uuid.UUID | None
    name: str
    kind: str
    role: str
    type: str
    address: str
    zone: str
    region: str
    in_use: str
    state: str
    since: datetime | None
    probed_at: datetime | None
    well_at: datetime | None
    milliseconds: int | None
    p95: int | None
    well: float | None
    code: str
    message: str
    expires_at: datetime | None
    stand_in: StandInShape | None


class Advice(Shape, frozen=True):
    """One thing to do. `weight` is `act` or `consider`."""

    code: str
    weight: str
    sentence: str
    endpoint_id: uuid.UUID | None


class HealthShape(Shape, frozen=True):
    """How all endpoints of the organization are: `good`, `degraded`, `bad`, `unknown`, or `none` of them."""

    at: datetime
    overall: str
    endpoints: list[ReportedEndpoint]
    recommendations: list[Advice]


class Anything(serializers.JSONField):
    """Checked by what the type of the endpoint asks for; here only that it is an object."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise Invalid(_("This must be an object."), field=self.field_name)
        return data


class EndpointChanges(Input):
    """What may change. In `values` only what is sent changes; a secret that is not sent stays."""

    name = Text(max_length=LINES["name"])
    role = Text(max_length=16)
    values = Anything()
    zone = Text(max_length=LINES["zone"], allow_blank=True, required=False)
    region = Text(max_length=LINES["region"], allow_blank=True, required=False)
    tags = serializers.ListField(child=Text(max_length=WORD), max_length=20, required=False)
    rank = serializers.IntegerField(min_value=0, max_value=LAST, required=False)
    offers = serializers.ListField(child=Anything(), max_length=200, required=False)
    limits = Anything(required=False)
    prices = Anything(required=False)


class EndpointInput(EndpointChanges):
    """A new endpoint. `GET /api/v1/endpoint-types/` says what `values` a type asks for."""

    kind = serializers.ChoiceField(choices=Endpoint.Kind.choices)
    type = Text(max_length=24)


class FailOverInput(Input):
    """Which one stands in; without it the first that may."""

    to = IdOf(required=False)


def detail(one: Shown) -> EndpointDetail:
    stands_in = one.failover.to_endpoint if one.failover else None
    named = (stands_in.name if stands_in else "") if one.failover else None
    spares = [SpareShape(row.id, row.name) for row in choices_of(one.endpoint)]
    return EndpointDetail(*(*_told(one), sorted(kept_secrets(one.endpoint)), named, spares))


def listed(one: Shown) -> EndpointShape:
    return EndpointShape(*_told(one))


def _told(one: Shown) -> tuple[Any, ...]:
    row = one.endpoint
    return (
        row.id, row.name, row.kind, row.role, row.type, row.state, row.url, row.zone, row.region, row.tags,
        row.rank, one.values, row.offers, row.limits, row.prices, _health(one.health), row.created_at,
        row.updated_at, row.version,
    )  # fmt: skip


def _health(row: EndpointHealth | None) -> EndpointHealthShape | None:
    if row is None:
        return None
    return EndpointHealthShape(*(getattr(row, name) for name in EndpointHealthShape.__struct_fields__))


def look(found: Health, one: Shown) -> LookShape:
    return LookShape(found.ok, round(found.seconds * 1000), found.code, found.message, detail(one))


def endpoint_type(one: TypeSpec) -> EndpointTypeShape:
    fields = [_field(field) for field in one.fields]
    return EndpointTypeShape(one.kind, one.type, _(one.label), list(one.roles), list(one.schemes), fields)


def _field(one: Field) -> FieldShape:
    return FieldShape(
        one.name, _(one.label), one.kind, one.required, _(one.help) if one.help else "",
        one.sealed or one.kind == "secret", one.default, [value for value, _label in one.choices],
        one.least, one.most,
    )  # fmt: skip


def health(report: HealthReport) -> HealthShape:
    advice = [Advice(one.code, one.weight, one.sentence, one.endpoint_id) for one in report.recommendations]
    return HealthShape(report.at, report.overall, [_reported(one) for one in report.endpoints], advice)


def _reported(one: EndpointReport) -> ReportedEndpoint:
    told = {name: getattr(one, name) for name in ReportedEndpoint.__struct_fields__}
    stand_in = StandInShape(**asdict(one.stand_in)) if one.stand_in else None
    return ReportedEndpoint(**{**told, "stand_in": stand_in})
