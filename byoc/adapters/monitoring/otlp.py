"""OTLP's messages for one number and one event. Batches of telemetry come encoded already."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from byoc.contracts import MetricKind, Severity
from byoc.contracts.monitoring import Value

PROTOBUF = "application/x-protobuf"
SERVICE = "humana-companions"
SCOPE = InstrumentationScope(name="humana")
LEVELS: Mapping[Severity, SeverityNumber.ValueType] = {
    "info": SeverityNumber.SEVERITY_NUMBER_INFO,
    "warning": SeverityNumber.SEVERITY_NUMBER_WARN,
    "error": SeverityNumber.SEVERITY_NUMBER_ERROR,
    "critical": SeverityNumber.SEVERITY_NUMBER_FATAL,
}


def attributes(of: Mapping[str, object]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in of.items()]


def any_value(value: object) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=str(value))


def one_number(
    name: str, value: float, kind: MetricKind, told: Mapping[str, Value], resource: Mapping[str, object]
) -> bytes:
    """A request with one point. A count is what was added since nobody knows when: a delta."""
    now = time.time_ns()
    point = NumberDataPoint(
        time_unix_nano=now, start_time_unix_nano=now, as_double=value, attributes=attributes(told)
    )
    metric = Metric(name=name, gauge=Gauge(data_points=[point]))
    if kind == "count":
        delta = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
        total = Sum(data_points=[point], aggregation_temporality=delta, is_monotonic=True)
        metric = Metric(name=name, sum=total)
    return metrics([metric], resource)


def metrics(found: Iterable[Metric], resource: Mapping[str, object]) -> bytes:
    scoped = ScopeMetrics(scope=SCOPE, metrics=found)
    whole = ResourceMetrics(resource=Resource(attributes=attributes(resource)), scope_metrics=[scoped])
    body: bytes = ExportMetricsServiceRequest(resource_metrics=[whole]).SerializeToString()
    return body


def one_event(
    name: str, text: str, severity: Severity, told: Mapping[str, Value], resource: Mapping[str, object]
) -> bytes:
    """A request with one log record, which `event.name` makes an event."""
    now = time.time_ns()
    record = LogRecord(
        time_unix_nano=now,
        observed_time_unix_nano=now,
        severity_number=LEVELS[severity],
        severity_text=severity.upper(),
        event_name=name,
        body=any_value(text or name),
        attributes=attributes({"event.name": name, **told}),
    )
    scoped = ScopeLogs(scope=SCOPE, log_records=[record])
    whole = ResourceLogs(resource=Resource(attributes=attributes(resource)), scope_logs=[scoped])
    body: bytes = ExportLogsServiceRequest(resource_logs=[whole]).SerializeToString()
    return body


def nothing() -> bytes:
    """A request without any record, of whatever signal: the key is checked and nothing kept."""
    return b""
