"""Numbers read off the spans as they end: what a span says once is not measured twice.

http.server.request.duration                   method, route, status
humana.task.duration                           task, state
gen_ai.client.operation.duration               model, endpoint's host, error
gen_ai.client.operation.time_to_first_chunk    the same
gen_ai.client.token.usage                      the same, input or output
"""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanKind

from byoc.telemetry import measures
from byoc.telemetry.measures import Measures
from humana.telemetry.spans import organization_of

OF_REQUESTS = {
    "http.method": "http.request.method",
    "http.route": "http.route",
    "http.status_code": "http.response.status_code",
}
OF_TASKS = {"celery.task_name": "task", "celery.state": "state"}
OF_MODELS = {
    name: name
    for name in (
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "server.address",
        "error.type",
    )
}
TOKENS = {"input": "gen_ai.usage.input_tokens", "output": "gen_ai.usage.output_tokens"}
FIRST = "gen_ai.response.time_to_first_chunk"


class Numbers(SpanProcessor):
    def __init__(self, into: Measures = measures) -> None:
        self._into = into

    def on_end(self, span: ReadableSpan) -> None:
        said = span.attributes or {}
        if span.kind is SpanKind.SERVER:
            self._observe(span, "http.server.request.duration", _told(said, OF_REQUESTS))
        elif span.kind is SpanKind.CONSUMER:
            self._observe(span, "humana.task.duration", _told(said, OF_TASKS))
        elif "gen_ai.operation.name" in said:
            self._of_a_model(span, said)

    def _observe(self, span: ReadableSpan, name: str, told: Mapping[str, object]) -> None:
        seconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e9
        self._into.observe(organization_of(span), name, seconds, told)

    def _of_a_model(self, span: ReadableSpan, said: Mapping[str, object]) -> None:
        told, whose = _told(said, OF_MODELS), organization_of(span)
        self._observe(span, "gen_ai.client.operation.duration", told)
        if isinstance(first := said.get(FIRST), float):
            self._into.observe(whose, "gen_ai.client.operation.time_to_first_chunk", first, told)
        for kind, name in TOKENS.items():
            if isinstance(many := said.get(name), int):
                typed = {**told, "gen_ai.token.type": kind}
                self._into.observe(whose, "gen_ai.client.token.usage", many, typed, unit="{token}")


def _told(said: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {name: said[key] for key, name in names.items() if key in said}
