"""Customers' monitoring.

    custom                        OTLP/HTTP to any collector; alerts to an Alertmanager
    newrelic, grafana, datadog    the same, as each of them wants it; Datadog by its own HTTP API too
    wire                          one guarded client, bound to one address
    otlp, alertmanager            what is written on it
    errors                        every failure as EndpointError

`make` is all that others need.
"""

from __future__ import annotations

from collections.abc import Callable

from byoc.adapters.monitoring.custom import Custom
from byoc.adapters.monitoring.datadog import Datadog
from byoc.adapters.monitoring.grafana import Grafana
from byoc.adapters.monitoring.newrelic import NewRelic
from byoc.contracts import EndpointSpec, MonitoringAdapter
from humana.kernel import egress
from humana.kernel.registry import Registry

Maker = Callable[[EndpointSpec, egress.Guard], MonitoringAdapter]

#: The adapter for each `EndpointSpec.type`. The contract suite runs over all of them.
ADAPTERS: Registry[Maker] = Registry("type of monitoring endpoint")
ADAPTERS.add("custom", Custom)
ADAPTERS.add("datadog", Datadog)
ADAPTERS.add("grafana", Grafana)
ADAPTERS.add("newrelic", NewRelic)


def make(spec: EndpointSpec, guard: egress.Guard) -> MonitoringAdapter:
    """The adapter for `spec`. Raises Misconfigured or EgressRefused; dials nothing yet."""
    return ADAPTERS.get(spec.type)(spec, guard)
