"""What leaves: OTLP requests with the organization as resource, and nothing of what people wrote.

Spans and lines carry whatever a library thought of. Only attributes that are named here go out: an
address holds what somebody searched for, a statement what somebody wrote, an error both.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.sdk.trace import ReadableSpan

from byoc.adapters.monitoring.otlp import SCOPE, SERVICE, any_value, attributes
from byoc.telemetry.lanes import Owner
from humana import __version__
from tenants.telemetry import ISOLATION, ORGANIZATION

#: Of spans.
TOLD = frozenset(
    {
        ORGANIZATION,
        ISOLATION,
        "http.method",
        "http.request.method",
        "http.route",
        "http.status_code",
        "http.response.status_code",
        "celery.action",
        "celery.state",
        "celery.task_name",
        "db.operation",
        "db.operation.name",
        "db.system",
        "db.system.name",
        "error.type",
        "messaging.destination",
        "server.address",
        "server.port",
    }
)
GEN_AI = frozenset(
    {
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.request.max_tokens",
        "gen_ai.request.temperature",
        "gen_ai.response.finish_reasons",
        "gen_ai.response.model",
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
    }
)
#: Of the events of a span: that something was raised, and of what kind.
OF_EVENTS = frozenset({"exception.type"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, as far as it leaves."""

    at: int  # nanoseconds since the epoch
    level: int  # Python's
    logger: str
    message: str
    told: Mapping[str, object] = field(default_factory=dict)
    trace_id: int = 0
    span_id: int = 0


def spans(found: Iterable[tuple[Owner | None, ReadableSpan]]) -> bytes:
    request = ExportTraceServiceRequest()
    for owner, theirs in _by_owner(found):
        for whole in encode_spans(theirs).resource_spans:
            whole.resource.CopyFrom(resource(owner))
            for scoped in whole.scope_spans:
                for span in scoped.spans:
                    _scrub(span)
            request.resource_spans.append(whole)
    body: bytes = request.SerializeToString()
    return body


def belongs(span: ReadableSpan, organization_id: uuid.UUID) -> bool:
    """The last look before it leaves for a customer."""
    return (span.attributes or {}).get(ORGANIZATION) == str(organization_id)


def lines(found: Iterable[tuple[Owner | None, Line]]) -> bytes:
    request = ExportLogsServiceRequest()
    for owner, theirs in _by_owner(found):
        scopes: dict[str, list[LogRecord]] = {}
        for line in theirs:
            scopes.setdefault(line.logger, []).append(_record(line))
        scoped = [
            ScopeLogs(scope=InstrumentationScope(name=name), log_records=records)
            for name, records in scopes.items()
        ]
        request.resource_logs.append(ResourceLogs(resource=resource(owner), scope_logs=scoped))
    body: bytes = request.SerializeToString()
    return body


def numbers(found: Iterable[tuple[Owner | None, Sequence[Metric]]]) -> bytes:
    request = ExportMetricsServiceRequest()
    for owner, metrics in found:
        if metrics:
            scoped = ScopeMetrics(scope=SCOPE, metrics=metrics)
            request.resource_metrics.append(ResourceMetrics(resource=resource(owner), scope_metrics=[scoped]))
    body: bytes = request.SerializeToString()
    return body


def resource(owner: Owner | None) -> Resource:
    """Of this process, and of one organization: never anything of another's."""
    told: dict[str, object] = {
        "service.name": SERVICE,
        "service.version": __version__,
        "service.instance.id": _instance(os.getpid()),
    }
    if owner is not None:
        told |= {"service.namespace": owner.namespace, ORGANIZATION: str(owner.id)}
    return Resource(attributes=attributes(told))


def _by_owner(found: Iterable[tuple[Owner | None, Any]]) -> Iterable[tuple[Owner | None, list[Any]]]:
    grouped: dict[Owner | None, list[Any]] = {}
    for owner, thing in found:
        grouped.setdefault(owner, []).append(thing)
    return grouped.items()


def _scrub(span: Any) -> None:
    _keep(span.attributes, TOLD | GEN_AI)
    span.status.message = ""
    span.trace_state = ""
    for event in span.events:
        _keep(event.attributes, OF_EVENTS)
    for link in span.links:
        _keep(link.attributes, frozenset())


def _keep(of: Any, names: frozenset[str]) -> None:
    kept: list[KeyValue] = [one for one in of if one.key in names]
    del of[:]
    of.extend(kept)


def _record(line: Line) -> LogRecord:
    return LogRecord(
        time_unix_nano=line.at,
        observed_time_unix_nano=line.at,
        severity_number=_severity(line.level),
        severity_text=_level_name(line.level),
        body=any_value(line.message),
        attributes=attributes(line.told),
        trace_id=line.trace_id.to_bytes(16, "big") if line.trace_id else b"",
        span_id=line.span_id.to_bytes(8, "big") if line.span_id else b"",
    )


def _severity(level: int) -> Any:
    """Python's tens to OpenTelemetry's fours: INFO 20 is 9, WARNING 30 is 13, ERROR 40 is 17."""
    return max(1, min(24, 1 + (level // 10) * 4))


def _level_name(level: int) -> str:
    names = {20: "INFO", 30: "WARN", 40: "ERROR", 50: "FATAL"}
    return names.get(level // 10 * 10, "DEBUG")


@cache
def _instance(pid: int) -> str:
    """The same for as long as the process lives; tells apart what each of them counts."""
    return str(uuid.uuid4())
