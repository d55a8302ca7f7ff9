"""New Relic: OTLP over HTTP with the license key in `api-key`. The region chooses the address."""

from __future__ import annotations

from dataclasses import replace

from byoc.adapters.monitoring.custom import Custom
from byoc.contracts import EndpointSpec
from humana.kernel import egress
from humana.kernel.errors import Misconfigured

SITES = {"us": "https://otlp.nr-data.net", "eu": "https://otlp.eu01.nr-data.net"}


class NewRelic(Custom):
    """`region` is "us" or "eu"; an address of its own stands before it. Alerts are events there."""

    def __init__(self, spec: EndpointSpec, guard: egress.Guard) -> None:
        super().__init__(replace(spec, url=spec.url or site_of(spec)), guard)

    def _key(self) -> dict[str, str]:
        return {"api-key": self._spec.key}


def site_of(spec: EndpointSpec) -> str:
    region = (spec.region or "us").lower()
    if region not in SITES:
        raise Misconfigured(f"New Relic has no region {spec.region!r}; it has {', '.join(SITES)}.")
    return SITES[region]
