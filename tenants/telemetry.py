"""Spans say whose work they are: those of one organization, and no others.

A span that begins inside an organization is stamped as it begins. That of a request or of a task
begins before anybody knows whose it is, so the doors stamp it once they do. What belongs to nobody, such
as a sweep that enters one organization after another, stays without.
"""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

from tenants.context import TenantContext, peek_tenant

ORGANIZATION, ISOLATION = "humana.organization", "humana.isolation"


class OrganizationSpans(SpanProcessor):
    """For the tracer provider of a process."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        context = peek_tenant()
        if context is not None:
            _stamp(span, context)


def stamp(context: TenantContext) -> None:
    """The current span is work for this organization."""
    span = trace.get_current_span()
    if span.is_recording():
        _stamp(span, context)


def _stamp(span: trace.Span, context: TenantContext) -> None:
    span.set_attribute(ORGANIZATION, str(context.organization_id))
    span.set_attribute(ISOLATION, context.placement.isolation)
