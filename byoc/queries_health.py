"""How an organization's endpoints are: the report that pages, API and admin show.

    health_report(organization)              everything: each endpoint, overall, what to do about it
    history_of(organization, endpoint_id)    what the probes said, in hours or days

`organization` None is the platform itself. No secret and nobody's text is in any of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from django.db.models import Aggregate, Count, FloatField, Max, Q
from django.db.models.functions import Trunc
from django.utils import timezone

from byoc import gateway
from byoc.contracts import EndpointSpec
from byoc.expiring import time_before
from byoc.models import EgressGrant, Endpoint, EndpointHealth, Failover, Probe
from byoc.readings import Reading, readings_of
from byoc.recommending import Recommendation, recommended
from byoc.telemetry.destinations import withheld
from tenants.context import use_tenant, without_tenant
from tenants.models import Organization

#: good: all that serves is well. degraded: something is not, and something else stands in or nothing
#: depends on it. bad: something that is needed does not serve. unknown: not probed. none: no endpoints.
Overall: TypeAlias = Literal["good", "degraded", "bad", "unknown", "none"]
State: TypeAlias = Literal["unknown", "good", "bad"]

#: Speed and share of good probes are of this long.
LATELY = timedelta(hours=24)


class P95(Aggregate):
    """The value that 95 of 100 do not pass."""

    template = "percentile_cont(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class Bucket:
    """The probes of one hour, or of one day. `p95` and `slowest` are milliseconds of those that were well."""

    begins: datetime
    probes: int
    bad: int
    p95: int | None
    slowest: int | None

    @property
    def well(self) -> float:
        """The share that was well, from 0 to 1."""
        return 1.0 - self.bad / self.probes if self.probes else 0.0


@dataclass(frozen=True, slots=True)
class StandIn:
    """What stands in for an endpoint, or waits to: a row of `Failover` that is not over."""

    id: uuid.UUID
    endpoint_id: uuid.UUID | None  # none of what the environment names
    endpoint: str
    way: str
    state: str
    by: str  # the name of what stands in; empty where nothing does and the rest works on
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """One endpoint: what it is, and how it is. Of the environment's endpoints there is no `id`.

    `code` is a `Failure` and `message` what the service or its adapter said; both empty while it is well.
    """

    id: uuid.UUID | None
    name: str
    kind: str
    role: str
    type: str
    address: str
    zone: str
    region: str
    in_use: str  # Endpoint.State
    state: State = "unknown"
    since: datetime | None = None
    probed_at: datetime | None = None
    well_at: datetime | None = None
    milliseconds: int | None = None
    p95: int | None = None
    well: float | None = None  # the share of good probes of the last 24 hours, from 0 to 1
    code: str = ""
    message: str = ""
    expires_at: datetime | None = None  # of its certificate or key, where the probe could tell
    stand_in: StandIn | None = None


@dataclass(frozen=True, slots=True)
class HealthReport:
    """All of one organization's, or of the platform (`organization_id` None), at one moment."""

    organization_id: uuid.UUID | None
    at: datetime
    overall: Overall
    endpoints: tuple[EndpointReport, ...]
    stand_ins: tuple[StandIn, ...]
    recommendations: tuple[Recommendation, ...]

    @property
    def failing(self) -> tuple[EndpointReport, ...]:
        return tuple(one for one in self.endpoints if one.state == "bad")


def health_report(organization: Organization | None, *, now: datetime | None = None) -> HealthReport:
    """Six queries, however many endpoints there are; nobody is probed."""
    at = now or timezone.now()
    with inside(organization):
        rows = list(_endpoints(organization))
        standing = tuple(_stand_in(row) for row in _failovers(organization))
        reports = _reports(organization, rows, standing, at)
        further = () if organization else _of_the_environment(standing)
        zone = organization.zone if organization else ""
        whole = (*reports, *further)
        return HealthReport(
            organization.id if organization else None,
            at,
            _overall(whole),
            whole,
            standing,
            recommended(
                whole, zone=zone, at=at, grants=_ending_grants(organization, at),
                withheld=withheld(organization.id) if organization and zone else (),
                certificates=time_before(organization.id if organization else None),
            ),
        )  # fmt: skip


def history_of(
    organization: Organization | None, endpoint_id: uuid.UUID, *, days: int = 1, now: datetime | None = None
) -> tuple[Bucket, ...]:
    """By the hour for up to two days, else by the day; up to thirty, hours without a probe left out."""
    days = max(1, min(days, 30))
    since = (now or timezone.now()) - timedelta(days=days)
    piece = Trunc("at", "hour" if days <= 2 else "day")
    with inside(organization):
        rows = Probe.objects.filter(organization=organization, endpoint_id=endpoint_id, at__gte=since)
        found: Any = rows.annotate(begins=piece).values("begins").order_by("begins").annotate(**_figures())
        return tuple(_bucket(one) for one in found)


def inside(organization: Organization | None) -> AbstractContextManager[object]:
    """In the organization; for None outside of every one."""
    if organization is None:
        return without_tenant(reason="endpoints of the platform itself")
    return use_tenant(organization.context)


def _figures() -> dict[str, Aggregate]:
    well = Q(ok=True)
    return {
        "probes": Count("id"),
        "bad": Count("id", filter=~well),
        "p95": P95("milliseconds", filter=well),
        "slowest": Max("milliseconds", filter=well),
    }


def _bucket(found: dict[str, Any]) -> Bucket:
    return Bucket(found["begins"], found["probes"], found["bad"], _whole(found["p95"]), found["slowest"])


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)


def _endpoints(organization: Organization | None) -> Iterable[Endpoint]:
    rows = Endpoint.objects.filter(organization=organization).exclude(state=Endpoint.State.CLOSED)
    # A database on Humana's own server is no endpoint that anybody entered.
    return rows.exclude(kind=Endpoint.Kind.DATABASE, origin="").order_by("kind", "role", "rank", "name")


def _failovers(organization: Organization | None) -> Iterable[Failover]:
    rows = Failover.objects.filter(organization=organization).exclude(state=Failover.State.OVER)
    return rows.select_related("endpoint", "to_endpoint")


def _stand_in(row: Failover) -> StandIn:
    return StandIn(
        row.id,
        row.endpoint_id,
        row.whose,
        row.way,
        row.state,
        row.to_endpoint.name if row.to_endpoint else "",
        row.why,
        row.began_at,
    )


def _reports(
    organization: Organization | None, rows: list[Endpoint], standing: tuple[StandIn, ...], at: datetime
) -> tuple[EndpointReport, ...]:
    health = {one.endpoint_id: one for one in EndpointHealth.objects.filter(organization=organization)}
    probes = Probe.objects.filter(organization=organization, at__gte=at - LATELY)
    figures: Any = probes.values("endpoint_id").annotate(**_figures())
    lately: dict[uuid.UUID, dict[str, Any]] = {one["endpoint_id"]: one for one in figures}
    by_endpoint = {one.endpoint_id: one for one in standing}
    return tuple(
        _report(row, health.get(row.id), lately.get(row.id, {}), by_endpoint.get(row.id)) for row in rows
    )


def _report(
    row: Endpoint, health: EndpointHealth | None, lately: dict[str, Any], stand_in: StandIn | None
) -> EndpointReport:
    what = _described(row)
    if health is None:
        return EndpointReport(**what, stand_in=stand_in)
    probes = lately.get("probes")
    return EndpointReport(
        **what,
        state=_state(health.state),
        since=health.since,
        probed_at=health.probed_at,
        well_at=health.well_at,
        milliseconds=health.milliseconds,
        p95=_whole(lately.get("p95")),
        well=1.0 - lately["bad"] / probes if probes else None,
        code=health.code,
        message=health.message,
        expires_at=_moment(health.details.get("expires_at")),
        stand_in=stand_in,
    )


def _described(row: Endpoint) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "kind": row.kind, "role": row.role, "type": row.type,
        "address": row.origin, "zone": row.zone, "region": row.region, "in_use": row.state,
    }  # fmt: skip


def _state(text: str) -> State:
    states: dict[str, State] = {"good": "good", "bad": "bad"}
    return states.get(text, "unknown")


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _of_the_environment(standing: tuple[StandIn, ...]) -> tuple[EndpointReport, ...]:
    found = readings_of(gateway.environment())
    by_name = {one.endpoint: one for one in standing if one.endpoint_id is None}
    return tuple(_of_the_platform(spec, reading, by_name.get(spec.name)) for spec, reading in found)


def _of_the_platform(spec: EndpointSpec, reading: Reading, stand_in: StandIn | None) -> EndpointReport:
    """No address: whoever set the environment knows it."""
    return EndpointReport(
        id=None, name=spec.name, kind=spec.kind, role=spec.role, type=spec.type, address="",
        zone=spec.zone, region=spec.region, in_use="active", state=reading.state,
        since=reading.since, probed_at=reading.probed_at, well_at=reading.well_at,
        milliseconds=reading.milliseconds, code=reading.code, message=reading.message, stand_in=stand_in,
    )  # fmt: skip


def _ending_grants(organization: Organization | None, at: datetime) -> tuple[tuple[str, datetime], ...]:
    rows = EgressGrant.objects.filter(organization=organization, expires_at__gt=at)
    return tuple((str(one), one.expires_at) for one in rows if one.expires_at)


def _overall(reports: Iterable[EndpointReport]) -> Overall:
    serving = [one for one in reports if _serves(one)]
    if not serving:
        return "none"
    states = {one.state for one in serving}
    if any(one.state == "bad" and _is_missed(one) for one in serving):
        return "bad"
    if "bad" in states or any(one.stand_in for one in serving):
        return "degraded"
    return "good" if "good" in states else "unknown"


def _serves(one: EndpointReport) -> bool:
    """A database serves when it is ready; see `Endpoint.State`."""
    return one.in_use == "active" or (one.kind == "database" and one.in_use == "ready")


def _is_missed(one: EndpointReport) -> bool:
    """Whether something does not work because of it."""
    spare = one.role in {"fallback", "replica", "backup"} or one.kind == "monitoring"
    return not spare and (one.stand_in is None or one.stand_in.state == "proposed")
