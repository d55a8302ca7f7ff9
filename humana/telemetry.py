"""Traces of this process, where HUMANA_TRACES is on: a log line for each span, without anybody's text."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import format_span_id, format_trace_id

from tenants.telemetry import ISOLATION, ORGANIZATION, OrganizationSpans

log = logging.getLogger(__name__)

#: What a line may say of a span besides its name. An address, say, holds what a person searched for.
TOLD = {
    "http.method": "method",
    "http.route": "route",
    "http.status_code": "status",
    "celery.task_name": "task",
    ISOLATION: "isolation",
}


def start() -> None:
    """Once in a process, before Django loads its middleware."""
    provider = TracerProvider()
    provider.add_span_processor(OrganizationSpans())
    provider.add_span_processor(SimpleSpanProcessor(LoggedSpans()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()
    CeleryInstrumentor().instrument()


class LoggedSpans(SpanExporter):
    """A span ends outside of every organization; the line has the one it was stamped with."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            log.info("span %s", span.name, extra=_told(span))
        return SpanExportResult.SUCCESS


def _told(span: ReadableSpan) -> dict[str, object]:
    said = dict(span.attributes or {})
    whole = span.context
    return {
        "organization": str(said.get(ORGANIZATION, "")),
        "trace": format_trace_id(whole.trace_id) if whole else "",
        "span": format_span_id(whole.span_id) if whole else "",
        "parent": format_span_id(span.parent.span_id) if span.parent else "",
        "ms": round(((span.end_time or 0) - (span.start_time or 0)) / 1e6, 3),
        **{name: said[key] for key, name in TOLD.items() if key in said},
    }
