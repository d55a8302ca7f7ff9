"""Any collector that takes OTLP over HTTP; alerts go to an Alertmanager where one is named.

Its `url` ends before `/v1/traces`. `key` is what the header `header_name` says; a lone word in
Authorization is a bearer token. `credentials` with user and password are sent as Basic.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping

from byoc.adapters.monitoring import otlp
from byoc.adapters.monitoring.alertmanager import PATH, alerts
from byoc.adapters.monitoring.errors import endpoint_error
from byoc.adapters.monitoring.options import MonitoringOptions, read_options
from byoc.adapters.monitoring.wire import Wire
from byoc.contracts import Destination, EndpointSpec, Health, MetricKind, Severity, Signal
from byoc.contracts.monitoring import Value
from humana.kernel import egress
from humana.kernel.errors import EndpointError


class Custom:
    """See `MonitoringAdapter` for the contract. A subclass says how its service wants the key."""

    def __init__(self, spec: EndpointSpec, guard: egress.Guard) -> None:
        self._spec, self._guard = spec, guard
        self._options = self._read_options()
        self._main = self._wire(spec.url)
        self._otlp: Wire | None = self._otlp_wire()
        named = self._options.alerts_url
        self._alerts = self._wire(named) if named else None

    @property
    def spec(self) -> EndpointSpec:
        return self._spec

    async def metric(
        self,
        name: str,
        value: float,
        kind: MetricKind = "gauge",
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        await self.send("metrics", otlp.one_number(name, value, kind, attributes or {}, self._resource()))

    async def event(self, name: str, attributes: Mapping[str, Value] | None = None, text: str = "") -> None:
        await self._event(name, text, "info", attributes or {})

    async def alert(
        self, title: str, text: str, severity: Severity, key: str, *, resolved: bool = False
    ) -> None:
        if self._alerts is not None:
            body = alerts(title, text, severity, key, self._labels(), resolved)
            await self._alerts.post(PATH, body)
        else:
            told: dict[str, Value] = {"alert.key": key, "alert.title": title, "alert.resolved": resolved}
            await self._event("humana.alert", text, "info" if resolved else severity, told)

    def otlp(self, signal: Signal) -> Destination | None:
        wire = self._taking(signal)
        return Destination(wire.at(f"/v1/{signal}"), wire.headers) if wire else None

    async def send(self, signal: Signal, body: bytes) -> None:
        wire = self._taking(signal)
        if wire is None:
            message = f"{self._spec.name} takes no {signal} by OTLP."
            raise endpoint_error("not_configured", message, permanent=True)
        await wire.post(f"/v1/{signal}", body, otlp.PROTOBUF)

    async def health(self) -> Health:
        started = time.monotonic()
        try:
            await self._probe()
        except EndpointError as error:
            return Health(False, time.monotonic() - started, error.code, str(error))
        return Health(True, time.monotonic() - started)

    async def close(self) -> None:
        for wire in (self._main, self._otlp, self._alerts):
            if wire is not None:
                await wire.close()

    async def _event(self, name: str, text: str, severity: Severity, attributes: Mapping[str, Value]) -> None:
        await self.send("logs", otlp.one_event(name, text, severity, attributes, self._resource()))

    async def _probe(self) -> None:
        """An empty request asks about the address and the key; an Alertmanager tells how it is."""
        if self._alerts is not None and self._spec.role == "alerts":
            await self._alerts.get("/api/v2/status")
        else:
            await self.send("logs" if self._spec.role == "logs" else "metrics", otlp.nothing())

    def _read_options(self) -> MonitoringOptions:
        return read_options(self._spec, MonitoringOptions)

    def _taking(self, signal: Signal) -> Wire | None:
        return self._otlp if signal != "traces" or self._options.traces else None

    def _otlp_wire(self) -> Wire | None:
        return self._main

    def _wire(self, url: str) -> Wire:
        """The key goes to the origin it was given for, and to no other that the options name."""
        own = egress.Origin.of(url) == egress.Origin.of(self._spec.url)
        return Wire(self._spec.name, url, self._key() if own else {}, self._guard, self._options)

    def _key(self) -> dict[str, str]:
        """The headers that carry the key."""
        credentials = self._spec.credentials
        if credentials.get("user"):
            return basic(credentials["user"], credentials.get("password") or self._spec.key)
        key, name = self._spec.key, self._options.header_name
        if not key:
            return {}
        return {name: f"Bearer {key}" if name == "Authorization" and " " not in key else key}

    def _resource(self) -> dict[str, object]:
        told: dict[str, object] = {"service.name": otlp.SERVICE}
        return told | {"humana.organization": self._spec.owner} if self._spec.owner != "platform" else told

    def _labels(self) -> dict[str, str]:
        return {"service": otlp.SERVICE, "organization": self._spec.owner}


def basic(user: str, password: str) -> dict[str, str]:
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {word}"}
