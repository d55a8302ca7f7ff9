"""Telemetry on its way out: to the organization whose work it tells of, or to Humana's own collector.

exporter.put(organization_id, "traces", span)     from any thread; never waits, never raises
measures.observe(organization_id, …)              numbers are added up here and sent now and then

lanes          what waits, per organization and signal: bounded, the oldest goes first
breaker        how long a lane leaves its endpoint alone
destinations   which endpoint an organization has for a signal (byoc.endpoints)
payloads       OTLP with the organization as resource, and without anybody's text
measures       counts and durations per organization
exporter       one thread with one event loop: whoever does not answer holds up nobody else
"""

from __future__ import annotations

from byoc.telemetry.destinations import find
from byoc.telemetry.exporter import Exporter
from byoc.telemetry.measures import Measures

measures = Measures()
exporter = Exporter(find, measures)

__all__ = ["exporter", "measures"]
