"""What is told of a model: its name, times and tokens, to the organization that asked; never a word."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from byoc.adapters.llm import make, traced
from byoc.adapters.llm.traced import Traced
from byoc.contracts import Answer, ChatMessage, ChatRequest, EndpointSpec
from byoc.telemetry.measures import Measures
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import EndpointError
from humana.telemetry.numbers import Numbers
from tenants.context import CONTROL_PLANE, TenantContext, use_tenant
from tenants.telemetry import ORGANIZATION, OrganizationSpans
from tests.byoc.test_telemetry import A
from tests.fixtures.models import ScriptedModel

CANARY = "cerulean-canary"


class Heard:
    def __init__(self) -> None:
        self.kept, self.measures = InMemorySpanExporter(), Measures()
        self.provider = TracerProvider()
        for one in (OrganizationSpans(), Numbers(self.measures), SimpleSpanProcessor(self.kept)):
            self.provider.add_span_processor(one)

    @property
    def span(self) -> Any:
        (only,) = self.kept.get_finished_spans()
        return only


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    made = Heard()
    monkeypatch.setattr(traced, "tracer", made.provider.get_tracer("tests"))
    yield made
    made.provider.shutdown()


def model(scripted: ScriptedModel, **options: Any) -> Traced:
    url = scripted.openai_url
    spec = EndpointSpec("ours", "llm", "openai", url, "scripted", key="k", options={"attempts": 1, **options})
    return Traced(make(spec, Guard("platform", [Grant.for_url(url, owner="platform", reason="test")])))


def asking(text: str) -> ChatRequest:
    return ChatRequest((ChatMessage("system", CANARY), ChatMessage("user", text)), max_tokens=50)


def test_an_answer_is_one_span_of_whoever_asked(heard: Heard, scripted_model: ScriptedModel) -> None:
    adapter = model(scripted_model)

    async def ask() -> Answer:
        try:
            return await adapter.generate(asking(f"{CANARY} and more"))
        finally:
            await adapter.close()

    with use_tenant(TenantContext(A, "alfa", CONTROL_PLANE)):
        answer = asyncio.run(ask())
    span, said = heard.span, dict(heard.span.attributes)
    assert span.name == "chat scripted"
    assert said[ORGANIZATION] == str(A)
    assert said["gen_ai.operation.name"] == "chat"
    assert said["gen_ai.provider.name"] == "openai"
    assert said["gen_ai.request.model"] == "scripted"
    assert said["gen_ai.request.max_tokens"] == 50
    assert said["gen_ai.response.finish_reasons"] == ("stop",)
    assert said["server.address"] == "127.0.0.1"
    assert answer.usage is not None
    assert said["gen_ai.usage.output_tokens"] == answer.usage.output_tokens
    assert 0 < said["gen_ai.response.time_to_first_chunk"] <= (span.end_time - span.start_time) / 1e9
    assert CANARY not in span.to_json()
    assert {one.name for one in heard.measures.of(A)} == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_to_first_chunk",
        "gen_ai.client.token.usage",
    }


async def test_a_failure_is_told_by_its_kind_only(heard: Heard, scripted_model: ScriptedModel) -> None:
    adapter = model(scripted_model)
    with pytest.raises(EndpointError):
        await adapter.generate(ChatRequest((ChatMessage("user", f"status:400 {CANARY}"),), "status:400"))
    await adapter.close()
    assert heard.span.status.status_code is StatusCode.ERROR
    assert heard.span.status.description is None
    assert heard.span.attributes["error.type"]
    assert CANARY not in heard.span.to_json()


async def test_whoever_goes_away_is_no_failure(heard: Heard, scripted_model: ScriptedModel) -> None:
    adapter = model(scripted_model)
    async with aclosing(adapter.stream(asking("paced:200:20"))) as events:
        async for _ in events:
            break
    await adapter.close()
    assert heard.span.attributes["error.type"] == "cancelled"
    assert heard.span.status.status_code is StatusCode.UNSET
