"""Grafana Cloud: OTLP over HTTP with Basic, the instance's number and a token.

Its `url` is the OTLP gateway's, which Grafana shows for each stack (…/otlp). `instance` is
the stack's number, `key` the token. Its Alertmanager has another address and number: an endpoint of its own,
with the role alerts and `alerts_url`.
"""

from __future__ import annotations

from byoc.adapters.monitoring.custom import Custom, basic
from humana.kernel.errors import Misconfigured


class Grafana(Custom):
    def _key(self) -> dict[str, str]:
        instance = self._options.instance
        if not instance:
            raise Misconfigured(f"The endpoint {self._spec.name!r} lacks the number of the Grafana instance.")
        return basic(instance, self._spec.key)
