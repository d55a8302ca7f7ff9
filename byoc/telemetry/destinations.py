"""Which endpoint takes what: an organization's own by role, else another of its own, else Humana's.

    metrics    numbers and traces (its option `traces` off: numbers only)
    logs       lines of the log
    alerts     neither: alerts are sent one by one

Where an organization brought one of the first two only, that one takes the other's signals too, if its
type does. Humana's own is an operator's endpoint of the same role, or HUMANA_OTLP_URL (with HUMANA_OTLP_KEY
and HUMANA_OTLP_ZONE). Neither its own nor Humana's gets anything outside the organization's zone: that is
dropped and counted. What has no destination at all is forgotten.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connections

from byoc import endpoints
from byoc.adapters.monitoring import make
from byoc.config_keys import EXPORT, SAMPLE_RATE
from byoc.contracts import EndpointSpec, Signal
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import HumanaError
from tenants.config.resolver import resolve_for
from tenants.context import without_tenant
from tenants.models import Organization

ROLES: Mapping[Signal, str] = {"traces": "metrics", "metrics": "metrics", "logs": "logs"}
#: What may take a signal too where nothing has its role.
OTHER: Mapping[str, str] = {"metrics": "logs", "logs": "metrics"}
NAMED_FOR = 30.0  # seconds for which an organization's address is taken for the same
NAMES = 4_096


@dataclass(frozen=True, slots=True)
class Route:
    """For one organization, or (with an empty namespace) for what belongs to none."""

    namespace: str = ""
    rate: float = 1.0
    to: Mapping[Signal, tuple[EndpointSpec, Guard]] = field(default_factory=dict)
    zone: str = ""  # what nothing of it leaves; empty for anywhere


def find(organization_id: uuid.UUID | None) -> Route:
    """Where it goes just now. For threads: it closes what it opens, and raises what the database does."""
    try:
        with without_tenant(reason="where telemetry goes is the control plane's to say"):
            if organization_id is None:
                return Route(to=_humanas_own())
            return Route(
                _name_of(organization_id),
                sample_rate(organization_id),
                _its_own(organization_id),
                endpoints.zone_of(organization_id),
            )
    finally:
        connections.close_all()


def sample_rate(organization_id: uuid.UUID) -> float:
    """The share of an organization's traces that is sent, from 0 to 1. Numbers count every request."""
    return resolve_for(organization_id, SAMPLE_RATE)


def withheld(organization_id: uuid.UUID) -> tuple[Signal, ...]:
    """What is dropped because Humana's own, which would take it, is outside the organization's zone."""
    zone = endpoints.zone_of(organization_id)
    if not zone:
        return ()
    own, humanas = _its_own(organization_id), _humanas_own()
    return tuple(one for one in ROLES if one not in own and one in humanas and humanas[one][0].zone != zone)


def _its_own(organization_id: uuid.UUID) -> dict[Signal, tuple[EndpointSpec, Guard]]:
    """Nothing where the organization does not want it sent: then it is as if it had brought none."""
    zone = endpoints.zone_of(organization_id)
    known = endpoints.active(organization_id, "monitoring")
    specs = {spec.role: spec for spec in known if zone in ("", spec.zone)}
    if not specs or not resolve_for(organization_id, EXPORT):
        return {}
    guard = endpoints.guard_for(organization_id)
    taking = {signal: _taking(specs, signal, guard) for signal in ROLES}
    return {signal: (spec, guard) for signal, spec in taking.items() if spec is not None}


def _taking(specs: Mapping[str, EndpointSpec], signal: Signal, guard: Guard) -> EndpointSpec | None:
    role = ROLES[signal]
    if role in specs:
        return specs[role] if _wants(specs[role], signal) else None
    other = specs.get(OTHER[role])
    return other if other is not None and _carries(other, signal, guard) else None


def _carries(spec: EndpointSpec, signal: Signal, guard: Guard) -> bool:
    try:
        return make(spec, guard).otlp(signal) is not None
    except HumanaError:  # options that no adapter can be made from
        return False


def _humanas_own() -> dict[Signal, tuple[EndpointSpec, Guard]]:
    specs = {spec.role: spec for spec in endpoints.platform("monitoring")}
    guard = endpoints.guard_for(None)
    found = {
        signal: (specs[role], guard) for signal, role in ROLES.items() if _wants(specs.get(role), signal)
    }
    named = _of_the_environment()
    return {**dict.fromkeys(ROLES, named), **found} if named else found


def _wants(spec: EndpointSpec | None, signal: Signal) -> bool:
    return spec is not None and (signal != "traces" or bool(spec.options.get("traces", True)))


def _of_the_environment() -> tuple[EndpointSpec, Guard] | None:
    """Whoever sets the environment may name a private or plain-http address."""
    url, key = settings.HUMANA_OTLP_URL, settings.HUMANA_OTLP_KEY
    if not url:
        return None
    spec = EndpointSpec(
        name="humana", kind="monitoring", type="custom", url=url, key=key, role="metrics",
        zone=settings.HUMANA_OTLP_ZONE,
    )  # fmt: skip
    return spec, Guard("platform", [Grant.for_url(url, owner="platform", reason="HUMANA_OTLP_URL")])


_names: dict[uuid.UUID, tuple[str, float]] = {}


def _name_of(organization_id: uuid.UUID) -> str:
    """Its address, which it may change; its id once it is gone."""
    known, until = _names.get(organization_id, ("", 0.0))
    if until < time.monotonic():
        slugs = Organization.objects.filter(id=organization_id).values_list("slug", flat=True)
        known = slugs.first() or str(organization_id)
        if len(_names) >= NAMES:
            _names.clear()
        _names[organization_id] = (known, time.monotonic() + NAMED_FOR)
    return known
