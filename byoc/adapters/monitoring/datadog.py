"""Datadog: numbers, events and alerts by its HTTP API; traces, metrics and logs by its agent's OTLP.

The region chooses the site ("us1", "eu1", …); an `url` of its own stands before it. Servers that take
Datadog's first series API (VictoriaMetrics does) want `api_version` "v1".
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from byoc.adapters.monitoring import otlp
from byoc.adapters.monitoring.custom import Custom
from byoc.adapters.monitoring.options import DatadogOptions, read_options
from byoc.adapters.monitoring.wire import Wire
from byoc.contracts import EndpointSpec, MetricKind, Severity
from byoc.contracts.monitoring import Value
from humana.kernel import egress
from humana.kernel.errors import Misconfigured

SITES = {
    "us1": "datadoghq.com",
    "us3": "us3.datadoghq.com",
    "us5": "us5.datadoghq.com",
    "eu1": "datadoghq.eu",
    "ap1": "ap1.datadoghq.com",
    "ap2": "ap2.datadoghq.com",
    "us1-fed": "ddog-gov.com",
}
ALIASES = {"": "us1", "us": "us1", "eu": "eu1", "ap": "ap1"}
LEVELS: Mapping[Severity, str] = {
    "info": "info",
    "warning": "warning",
    "error": "error",
    "critical": "error",
}
KINDS: dict[tuple[str, MetricKind], str | int] = {
    ("v1", "count"): "count",
    ("v1", "gauge"): "gauge",
    ("v2", "count"): 1,
    ("v2", "gauge"): 3,
}


class Datadog(Custom):
    _options: DatadogOptions

    def __init__(self, spec: EndpointSpec, guard: egress.Guard) -> None:
        super().__init__(replace(spec, url=spec.url or site_of(spec)), guard)

    async def metric(
        self,
        name: str,
        value: float,
        kind: MetricKind = "gauge",
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        version, now = self._options.api_version, int(time.time())
        point: object = [now, value] if version == "v1" else {"timestamp": now, "value": value}
        series: dict[str, object] = {
            "metric": name,
            "type": KINDS[version, kind],
            "points": [point],
            "tags": self._tags(attributes or {}),
        }
        if kind == "count":
            series["interval"] = 1
        await self._main.post(f"/api/{version}/series", msgspec.json.encode({"series": [series]}))

    async def alert(
        self, title: str, text: str, severity: Severity, key: str, *, resolved: bool = False
    ) -> None:
        level = "success" if resolved else LEVELS[severity]
        await self._post_event(title, text, level, {"severity": severity}, key)

    async def _event(self, name: str, text: str, severity: Severity, attributes: Mapping[str, Value]) -> None:
        await self._post_event(name, text or name, LEVELS[severity], attributes, "")

    async def _post_event(
        self, title: str, text: str, level: str, attributes: Mapping[str, Value], key: str
    ) -> None:
        told = {
            "title": title[:100],
            "text": text[:4000],
            "alert_type": level,
            "tags": self._tags(attributes),
        }
        if key:
            told["aggregation_key"] = key[:100]
        await self._main.post("/api/v1/events", msgspec.json.encode(told))

    async def _probe(self) -> None:
        await self._main.get("/api/v1/validate")

    def _read_options(self) -> DatadogOptions:
        return read_options(self._spec, DatadogOptions)

    def _otlp_wire(self) -> Wire | None:
        return self._wire(self._options.otlp_url) if self._options.otlp_url else None

    def _key(self) -> dict[str, str]:
        return {"DD-API-KEY": self._spec.key}

    def _tags(self, attributes: Mapping[str, Value]) -> list[str]:
        told: dict[str, Value] = {"service": otlp.SERVICE, **self._resource_tags(), **attributes}
        return [f"{name}:{value}" for name, value in told.items()]

    def _resource_tags(self) -> dict[str, Value]:
        owner = self._spec.owner
        return {} if owner == "platform" else {"humana.organization": owner}


def site_of(spec: EndpointSpec) -> str:
    region = spec.region.lower()
    site = SITES.get(ALIASES.get(region, region))
    if site is None:
        raise Misconfigured(f"Datadog has no region {spec.region!r}; it has {', '.join(SITES)}.")
    return f"https://api.{site}"
