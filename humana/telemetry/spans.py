"""Which spans are made at all, and where they go as they end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from byoc.telemetry import exporter
from byoc.telemetry.exporter import Exporter
from tenants.context import peek_tenant
from tenants.telemetry import ORGANIZATION


class Worthwhile(Sampler):
    """Requests, tasks and models always; their questions to servers in `detail` of a hundred traces.

    A request asks its servers several times, and each such span costs about as much as the request's own.
    Where nobody gets to see them there are none. Whose request it is shows after it has begun, so an
    organization's rate is applied as spans leave (`byoc.telemetry.destinations.sample_rate`), and numbers
    count every request.
    """

    def __init__(self, detail: int = 100) -> None:
        self._below = detail * 2**64 // 100

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        aside = kind is SpanKind.CLIENT and "gen_ai.operation.name" not in (attributes or {})
        if aside and not (self._detailed(trace_id) and _worth(trace.get_current_span(parent_context))):
            return SamplingResult(Decision.DROP)
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)

    def _detailed(self, trace_id: int) -> bool:
        """The same answer in every process. By other bits than `sample_rate`, which would else go first."""
        return trace_id >> 64 < self._below

    def get_description(self) -> str:
        return "Worthwhile"


def _worth(parent: trace.Span) -> bool:
    """A worker asks its broker without end: what nobody began is nobody's."""
    if not parent.is_recording():
        return False
    tenant = peek_tenant()
    return exporter.wanted(tenant.organization_id if tenant else None)


class SpansOut(SpanProcessor):
    """A span ends outside of every organization; it goes to the one it was stamped with."""

    def __init__(self, out: Exporter = exporter) -> None:
        self._out = out

    def on_end(self, span: ReadableSpan) -> None:
        self._out.put(organization_of(span), "traces", span)


def organization_of(span: ReadableSpan) -> uuid.UUID | None:
    said = (span.attributes or {}).get(ORGANIZATION)
    return uuid.UUID(said) if isinstance(said, str) else None
