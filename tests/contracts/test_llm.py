"""The contract of `LLMAdapter`, for every adapter and every server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

import pytest

from byoc.adapters.llm import ADAPTERS
from byoc.contracts import Answer, End, LLMAdapter, TextDelta, Usage
from humana.kernel.errors import EndpointError
from tests.contracts.conftest import AIMOCK, BUILTIN, LISTING, PROTOCOLS, SCRIPTED, Peer, ask, everything
from tests.fixtures.models import ScriptedModel
from tests.peers.scripts import ACCENTED

pytestmark = pytest.mark.asyncio
Maker = Callable[..., LLMAdapter]


async def test_every_registered_adapter_is_under_contract() -> None:
    assert set(ADAPTERS) == set(PROTOCOLS)


async def test_a_stream_is_text_then_usage_then_one_end(adapter: LLMAdapter, peer: Peer) -> None:
    events = await everything(adapter, peer.plain, max_tokens=20, temperature=0.0)
    kinds = [type(event) for event in events]
    assert kinds[-2:] == [Usage, End]
    assert set(kinds[:-2]) == {TextDelta}
    assert all(event.text for event in events if isinstance(event, TextDelta))


async def test_generate_gives_what_stream_gives(adapter: LLMAdapter, peer: Peer) -> None:
    given = {"max_tokens": 20, "temperature": 0.0}
    if peer.name == "builtin":
        given["extra"] = {"seed": 1, "cache_prompt": False}  # type: ignore[assignment]
    streamed = await everything(adapter, peer.plain, **given)
    whole = await adapter.generate(ask(peer.plain, **given))
    assert isinstance(whole, Answer)
    assert whole.text == "".join(event.text for event in streamed if isinstance(event, TextDelta))
    assert whole.reason == streamed[-1].reason  # type: ignore[union-attr]


async def test_usage_counts_tokens(adapter: LLMAdapter, peer: Peer) -> None:
    answer = await adapter.generate(ask(peer.plain, max_tokens=20))
    assert answer.usage is not None
    assert answer.usage.input_tokens > 5
    assert 1 <= answer.usage.output_tokens <= 20
    assert answer.usage.cached_tokens <= answer.usage.input_tokens


@pytest.mark.parametrize("peer", [*SCRIPTED, *BUILTIN], indirect=True)  # aimock says all of its fixture
async def test_a_limit_of_tokens_ends_with_length(adapter: LLMAdapter, peer: Peer) -> None:
    text = "ends:length" if peer.name == "scripted" else peer.long
    answer = await adapter.generate(ask(text, max_tokens=5))
    assert answer.reason == "length"


@pytest.mark.parametrize("peer", [*SCRIPTED, *AIMOCK], indirect=True)
async def test_every_character_survives(adapter: LLMAdapter, peer: Peer) -> None:
    question = peer.plain if peer.name == "aimock" else f"say:{ACCENTED}"
    assert (await adapter.generate(ask(question))).text == ACCENTED


@pytest.mark.parametrize("peer", [*SCRIPTED, *LISTING, *BUILTIN], indirect=True)
async def test_health_of_a_living_endpoint(adapter: LLMAdapter, peer: Peer) -> None:
    health = await adapter.health()
    assert health.ok, health
    assert 0 < health.seconds < 5


async def test_health_of_a_dead_endpoint_is_an_answer_too(peer: Peer, adapter_for: Maker) -> None:
    health = await adapter_for(peer, url="http://127.0.0.1:9/v1").health()
    assert (health.ok, health.code) == (False, "unreachable")


async def test_nobody_listens(peer: Peer, adapter_for: Maker) -> None:
    with pytest.raises(EndpointError) as raised:
        await everything(adapter_for(peer, url="http://127.0.0.1:9/v1"), "hello")
    assert (raised.value.code, raised.value.permanent) == ("unreachable", False)


@pytest.mark.parametrize("peer", [*SCRIPTED, *BUILTIN], indirect=True)
async def test_a_wrong_key_is_permanent_and_not_repeated(peer: Peer, adapter_for: Maker) -> None:
    adapter = adapter_for(peer, key="sk-wrong-key")
    question = peer.plain if peer.name == "builtin" else "status:401"
    with pytest.raises(EndpointError) as raised:
        await everything(adapter, question)
    assert (raised.value.code, raised.value.permanent) == ("unauthorized", True)
    assert "sk-" not in str(raised.value)


@pytest.mark.parametrize("peer", [*SCRIPTED, *BUILTIN], indirect=True)
async def test_a_conversation_that_does_not_fit(peer: Peer, adapter: LLMAdapter) -> None:
    question = "too-long" if peer.name == "scripted" else "word " * 6_000
    with pytest.raises(EndpointError) as raised:
        await everything(adapter, question)
    assert (raised.value.code, raised.value.permanent) == ("context_too_long", True)


@pytest.mark.parametrize("peer", AIMOCK, indirect=True)
@pytest.mark.parametrize(("question", "code"), [("too many", "rate_limited"), ("overloaded", "overloaded")])
async def test_refusals_of_a_server_not_ours(adapter: LLMAdapter, question: str, code: str) -> None:
    with pytest.raises(EndpointError) as raised:
        await everything(adapter, question)
    assert (raised.value.code, raised.value.permanent) == (code, False)


@pytest.mark.parametrize("peer", AIMOCK, indirect=True)
async def test_a_cut_by_a_server_not_ours(adapter: LLMAdapter) -> None:
    seen: list[object] = []
    with pytest.raises(EndpointError) as raised:
        async for event in adapter.stream(ask("cut")):
            seen.append(event)  # noqa: PERF401 - what came before the error counts
    assert seen
    assert raised.value.code == "cut"


async def test_the_key_shows_nowhere(adapter: LLMAdapter, peer: Peer) -> None:
    assert peer.key not in repr(adapter.spec)
    assert peer.key not in repr(adapter)
    assert peer.key not in str(adapter.spec)


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
@pytest.mark.parametrize("way", ["cancel", "close"])
async def test_leaving_closes_the_connection_at_once(
    adapter: LLMAdapter, peer: Peer, scripted_model: ScriptedModel, way: str
) -> None:
    begun = asyncio.Event()

    async def listen() -> None:
        async with aclosing(adapter.stream(ask(peer.long))) as events:
            async for _ in events:
                begun.set()
                if way == "close":
                    return

    task = asyncio.create_task(listen())
    await begun.wait()
    left_at = time.time()
    if way == "cancel":
        task.cancel()
    await asyncio.wait([task])
    entry = await asyncio.to_thread(scripted_model.wait_for, lambda entry: entry.left_at is not None)
    assert entry.left_at is not None
    assert entry.left_at - left_at < 0.5
    assert not entry.finished


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
async def test_cancelling_before_the_first_event_closes_too(
    adapter: LLMAdapter, scripted_model: ScriptedModel
) -> None:
    task = asyncio.create_task(everything(adapter, "slow-headers:5000"))
    await asyncio.to_thread(scripted_model.wait_for, lambda entry: True)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await asyncio.to_thread(scripted_model.wait_for, lambda entry: entry.left_at is not None)


@pytest.mark.parametrize("peer", BUILTIN, indirect=True)
async def test_leaving_frees_the_places_of_the_real_model(adapter: LLMAdapter, peer: Peer) -> None:
    """Both slots would be taken for many seconds; the third asks right after they are left."""

    async def listen() -> None:
        async for _ in adapter.stream(ask(peer.long, max_tokens=400, extra={"ignore_eos": True})):
            begun.release()

    begun = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(listen()) for _ in range(2)]
    for _ in range(10):
        await begun.acquire()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    started = time.monotonic()
    await adapter.generate(ask("Hello", max_tokens=1))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
async def test_the_connection_is_used_again(adapter: LLMAdapter, scripted_model: ScriptedModel) -> None:
    for _ in range(4):
        await everything(adapter, "Good morning to you!")
    assert len({entry.connection for entry in scripted_model.entries}) == 1


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
async def test_each_loop_has_a_client_of_its_own(adapter: LLMAdapter, peer: Peer) -> None:
    def elsewhere() -> str:
        async def ask_and_close() -> str:
            answer = await adapter.generate(ask(peer.plain))
            await adapter.close()
            return answer.text

        return asyncio.run(ask_and_close())

    here, there = await asyncio.gather(adapter.generate(ask(peer.plain)), asyncio.to_thread(elsewhere))
    assert here.text == there == peer.plain
    assert (await adapter.generate(ask(peer.plain))).text == peer.plain
