"""Retries, the queue and the rates: what they do, what they must not do."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise

import pytest

from byoc.contracts import LLMAdapter, Waiting
from humana.kernel.errors import EndpointError
from tests.contracts.conftest import Peer, ask, everything, text_of
from tests.fixtures.models import ScriptedModel

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.parametrize("peer", ["openai-scripted", "anthropic-scripted"], indirect=True),
]
Maker = Callable[..., LLMAdapter]


async def test_a_stumble_is_not_seen(peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel) -> None:
    answer = await adapter_for(peer, options={"attempts": 3}).generate(ask("flaky:2:say:there"))
    assert answer.text == "there"
    assert len(scripted_model.entries) == 3


async def test_without_attempts_it_is(peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel) -> None:
    with pytest.raises(EndpointError):
        await adapter_for(peer, options={"attempts": 1}).generate(ask("flaky:2:say:there"))
    assert len(scripted_model.entries) == 1


async def test_attempts_are_bounded_and_spread(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    with pytest.raises(EndpointError) as raised:
        await everything(adapter_for(peer, options={"attempts": 4}), "status:503")
    assert raised.value.code == "overloaded"
    times = [entry.at for entry in scripted_model.entries]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) == 4
    assert 0.1 < pauses[0] < 0.4
    assert 0.4 < pauses[2] < 1.4


@pytest.mark.parametrize("script", ["status:401", "status:400", "too-long", "no-credit", "html"])
async def test_what_cannot_help_is_not_tried(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel, script: str
) -> None:
    with pytest.raises(EndpointError):
        await everything(adapter_for(peer, options={"attempts": 3}), script)
    assert len(scripted_model.entries) == 1


@pytest.mark.parametrize("script", ["cut:2", "error:2", "stall:2"])
async def test_never_after_the_first_event(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel, script: str
) -> None:
    adapter = adapter_for(peer, options={"attempts": 3, "idle_seconds": 0.2})
    with pytest.raises(EndpointError):
        await everything(adapter, script)
    assert len(scripted_model.entries) == 1


async def test_the_service_says_when(peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel) -> None:
    scripted_model.script("status:429:1")
    answer = await adapter_for(peer, options={"attempts": 2}).generate(ask("good day"))
    first, second = scripted_model.entries
    assert answer.text == "good day"
    assert 1.0 <= second.at - first.at < 10


async def test_a_long_wait_is_the_callers_to_decide(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    started = time.monotonic()
    with pytest.raises(EndpointError) as raised:
        await everything(adapter_for(peer, options={"attempts": 3}), "status:429:60")
    assert raised.value.retry_after == 60.0
    assert time.monotonic() - started < 20
    assert len(scripted_model.entries) == 1


async def test_places_are_kept_and_the_wait_is_told(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    adapter = adapter_for(peer, options={"places": 2})
    answers = await asyncio.gather(*[everything(adapter, "paced:10:20") for _ in range(5)])
    waited = [events[0].ahead for events in answers if isinstance(events[0], Waiting)]
    assert waited == [0, 1, 2]
    assert {text_of(events).count("word") for events in answers} == {10}
    third, last = scripted_model.entries[2], scripted_model.entries[4]
    assert third.at - scripted_model.entries[0].at > 0.15
    assert last.at - third.at > 0.15


async def test_without_places_nobody_waits(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    adapter = adapter_for(peer)
    answers = await asyncio.gather(*[everything(adapter, "paced:10:20") for _ in range(5)])
    assert not any(isinstance(event, Waiting) for events in answers for event in events)
    assert scripted_model.entries[4].at - scripted_model.entries[0].at < 0.15


async def test_who_leaves_the_queue_takes_no_place(peer: Peer, adapter_for: Maker) -> None:
    adapter = adapter_for(peer, options={"places": 1})
    async with aclosing(adapter.stream(ask("paced:20:20"))) as holder:
        await anext(holder)
        task = asyncio.create_task(everything(adapter, "hello"))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
    assert (await asyncio.wait_for(adapter.generate(ask("my turn")), 1.0)).text == "my turn"


async def test_the_queue_has_an_end(peer: Peer, adapter_for: Maker) -> None:
    adapter = adapter_for(peer, options={"places": 1, "queue_seconds": 0.2})
    async with aclosing(adapter.stream(ask("paced:100:20"))) as holder:
        await anext(holder)
        with pytest.raises(EndpointError) as raised:
            await everything(adapter, "hello")
    assert (raised.value.code, raised.value.permanent) == ("overloaded", False)


async def test_the_rate_of_an_endpoint_is_kept(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    adapter = adapter_for(peer, id=uuid.uuid4().hex, options={"requests_per_minute": 2})
    for _ in range(2):
        await adapter.generate(ask("good day"))
    with pytest.raises(EndpointError) as raised:
        await everything(adapter, "good day")
    assert (raised.value.code, raised.value.permanent) == ("rate_limited", False)
    assert 10 < (raised.value.retry_after or 0) < 31
    assert "raise its limits" in str(raised.value)
    assert len(scripted_model.entries) == 2


async def test_a_short_wait_for_the_rate_is_not_seen(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    adapter = adapter_for(peer, id=uuid.uuid4().hex, options={"requests_per_minute": 60, "attempts": 3})
    answers = await asyncio.gather(*[adapter.generate(ask("good day")) for _ in range(61)])
    assert {answer.text for answer in answers} == {"good day"}
    assert len(scripted_model.entries) == 61


async def test_the_tokens_that_were_used_count(peer: Peer, adapter_for: Maker) -> None:
    options = {"tokens_per_minute": 600}
    adapter = adapter_for(peer, id=uuid.uuid4().hex, max_output_tokens=None, options=options)
    for _ in range(5):  # the guess before it takes 505, the answer 13
        await adapter.generate(ask("good day"))
