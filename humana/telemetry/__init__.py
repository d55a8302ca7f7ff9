"""What this process tells of itself: spans, numbers and lines of the log, without anybody's text.

HUMANA_TELEMETRY     on by itself: to the organization whose work it is, else to HUMANA_OTLP_URL
HUMANA_TRACE_DETAIL  of a hundred traces, how many name each question to a database or to Valkey
HUMANA_TRACES        a line of the log for each span, for whoever has no collector

requests   the span of a request
spans      which spans are made, and where they go as they end
numbers    what is counted of them
lines      spans as lines of the log, and lines of the log as telemetry
"""

from __future__ import annotations

import logging

from celery.signals import worker_process_shutdown, worker_shutdown
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from byoc.telemetry import exporter
from humana.telemetry import requests
from humana.telemetry.lines import LinesOut, LoggedSpans
from humana.telemetry.numbers import Numbers
from humana.telemetry.spans import SpansOut, Worthwhile
from tenants.telemetry import OrganizationSpans

#: Libraries put whole statements and tracebacks into spans; none of it leaves, so little is kept.
LIMITS = SpanLimits(max_attributes=40, max_events=4, max_links=4, max_attribute_length=200)
#: Asked every few seconds by whoever watches over the process.
UNTOLD = "health/.*,static/.*"


def start(*, lines: bool, out: bool, detail: int) -> None:
    """Once in a process, before Django loads its middleware. `lines` are HUMANA_TRACES."""
    provider = TracerProvider(sampler=Worthwhile(detail), span_limits=LIMITS)
    provider.add_span_processor(OrganizationSpans())
    if lines:
        provider.add_span_processor(SimpleSpanProcessor(LoggedSpans()))
    if out:
        provider.add_span_processor(Numbers())
        provider.add_span_processor(SpansOut())
        logging.getLogger().addHandler(LinesOut())
        PsycopgInstrumentor().instrument(tracer_provider=provider)
        RedisInstrumentor().instrument(tracer_provider=provider)
        for ending in (worker_process_shutdown, worker_shutdown):
            ending.connect(stop, weak=False)
    trace.set_tracer_provider(provider)
    requests.instrument(UNTOLD)
    CeleryInstrumentor().instrument()


def stop(seconds: float = 5.0, **kwargs: object) -> None:
    """Before the process ends; at `atexit` threads can no longer be asked anything."""
    exporter.stop(seconds)
