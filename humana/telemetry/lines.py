"""Spans as lines of the log, and lines of the log as telemetry."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id

from byoc.telemetry import exporter
from byoc.telemetry.exporter import Exporter
from byoc.telemetry.payloads import Line
from humana.kernel.actor import current_actor
from tenants.context import peek_tenant
from tenants.telemetry import ISOLATION, ORGANIZATION

log = logging.getLogger("humana.telemetry")

#: What a line may say of a span besides its name. An address, say, holds what a person searched for.
TOLD = {
    "http.method": "method",
    "http.route": "route",
    "http.status_code": "status",
    "celery.task_name": "task",
    "gen_ai.request.model": "model",
    ISOLATION: "isolation",
}
OURS = frozenset({"humana", "tenants", "byoc", "audit", "documents", "companions", "chats"})
#: What a record may say besides its sentence: ids and codes.
OF_RECORDS = ("run", "code", "outbox", "placement", "kind", "job", "signal")


class LoggedSpans(SpanExporter):
    """A span ends outside of every organization; the line has the one it was stamped with."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            if span.kind is not SpanKind.CLIENT or ORGANIZATION in (span.attributes or {}):
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


class LinesOut(logging.Handler):
    """Our own loggers' records, to the organization they are about. For the root logger.

    The sentence goes out as it stands in the code, without what is put into it: that, and the text of
    an error, may hold what somebody wrote. An error's kind and the record's ids go along.
    """

    def __init__(self, out: Exporter = exporter) -> None:
        super().__init__(logging.INFO)
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] not in OURS or record.name == log.name:
            return
        if is_instrumentation_enabled():  # else it is about the telling itself
            self._out.put(_organization(record), "logs", _line(record))


def _organization(record: logging.LogRecord) -> uuid.UUID | None:
    """The record's own word first: a sweep says whose it is."""
    said = getattr(record, "organization", None)
    if said is None:
        tenant = peek_tenant()
        return tenant.organization_id if tenant else None
    try:
        return uuid.UUID(str(said))
    except ValueError:
        return None


def _line(record: logging.LogRecord) -> Line:
    told = {name: str(getattr(record, name)) for name in OF_RECORDS if hasattr(record, name)}
    if request := current_actor().request_id:
        told["request_id"] = request
    if record.exc_info and record.exc_info[0]:
        told["exception.type"] = record.exc_info[0].__name__
    here = trace.get_current_span().get_span_context()
    return Line(
        at=int(record.created * 1e9),
        level=record.levelno,
        logger=record.name,
        message=str(record.msg),
        told=told,
        trace_id=here.trace_id,
        span_id=here.span_id,
    )
