"""What an endpoint for monitoring may be told beyond its address and key."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from byoc.contracts import EndpointSpec
from humana.kernel.errors import Misconfigured


class MonitoringOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times are seconds of wall clock; `EndpointSpec.options` with these names override."""

    connect_seconds: float = 5.0
    total_seconds: float = 10.0  # for one request, answer included
    max_bytes: int = 256 * 1024  # of an answer; what services say is short
    traces: bool = True  # an endpoint for metrics gets traces too
    header_name: str = "Authorization"  # where a custom collector looks for the key
    instance: str = ""  # the number of a Grafana instance
    #: The base of an Alertmanager (`/api/v2/alerts` is put after it); without one, alerts are events.
    alerts_url: str = ""


class DatadogOptions(MonitoringOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Datadog takes OTLP by its agent; numbers, events and alerts by its HTTP API."""

    api_version: Literal["v1", "v2"] = "v2"  # of the series
    otlp_url: str = ""  # the agent's OTLP/HTTP, usually port 4318


Options = TypeVar("Options", bound=MonitoringOptions)


def read_options(spec: EndpointSpec, kind: type[Options]) -> Options:
    """Raises Misconfigured for an unknown name or a value of the wrong type."""
    try:
        return msgspec.convert(dict(spec.options), kind)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"The options of the endpoint {spec.name!r}: {error}") from None
