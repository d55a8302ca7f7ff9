"""What every floor may know of a customer's monitoring: numbers, events, alerts, and telemetry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from byoc.contracts.endpoint import EndpointSpec, Health

#: What OTLP carries; each has a path of its own.
Signal: TypeAlias = Literal["traces", "metrics", "logs"]
#: `count` adds up, `gauge` is the value now.
MetricKind: TypeAlias = Literal["count", "gauge"]
Severity: TypeAlias = Literal["info", "warning", "error", "critical"]
Value: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one signal goes by OTLP/HTTP. The headers hold the key and never show."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


class MonitoringAdapter(Protocol):
    """A monitoring service behind an endpoint.

    Asynchronous, like every adapter of HTTP: one loop carries what goes to all customers, so that a
    service which does not answer holds no thread that another one needs. One adapter serves every
    event loop of the process. Everything but `health` raises EndpointError; nothing is tried twice.
    Names and attributes are ours, never a person's text.
    """

    @property
    def spec(self) -> EndpointSpec: ...

    async def metric(
        self,
        name: str,
        value: float,
        kind: MetricKind = "gauge",
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        """One number, as of now."""
        ...

    async def event(self, name: str, attributes: Mapping[str, Value] | None = None, text: str = "") -> None:
        """Something happened. `name` is for programs, `text` a sentence for people."""
        ...

    async def alert(
        self, title: str, text: str, severity: Severity, key: str, *, resolved: bool = False
    ) -> None:
        """Somebody should look, or with `resolved` need not any more. One `key` is one matter."""
        ...

    def otlp(self, signal: Signal) -> Destination | None:
        """Where that signal goes, or None where this endpoint takes none."""
        ...

    async def send(self, signal: Signal, body: bytes) -> None:
        """One OTLP request (protobuf), as it is. Where it takes none: EndpointError "not_configured"."""
        ...

    async def health(self) -> Health:
        """Ask with the key, leaving as little behind as the service allows. Never raises."""
        ...

    async def close(self) -> None:
        """Close the clients of the running loop; the adapter may be used again afterwards."""
        ...
