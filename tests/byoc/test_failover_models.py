"""When a model does not answer, another one does, before the first word and never outside the zone."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import aclosing, closing

import pytest

from byoc import breaker, endpoints, gateway, standing
from byoc.adapters.llm import fallback
from byoc.contracts import ChatMessage, ChatRequest, Event, ModelCard, Switched, TextDelta
from byoc.services.failover import come_back, fail_over
from humana.kernel.errors import Conflict, EndpointError, NotAllowed, NotFound
from tenants.context import use_tenant
from tenants.models import ControlEvent
from tests.byoc.rows import connected
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.peers.answering import Answering

pytestmark = [pytest.mark.django_db, pytest.mark.adapters]
WELL = "say:I%20am%20the%20spare"


@pytest.fixture
def service() -> Iterator[Answering]:
    answering = Answering()
    answering.start()
    yield answering
    answering.stop()


@pytest.fixture(autouse=True)
def _nothing_stands_in() -> Iterator[None]:
    standing.forget()
    yield
    standing.forget()


def card(world: World, model: str = "Main") -> ModelCard:
    with use_tenant(world.context):
        return gateway.describe(model)


def answer(of: ModelCard, text: str = "Bom dia") -> tuple[list[Event], float]:
    """What comes, and the seconds until it has come."""

    async def ask() -> list[Event]:
        request = ChatRequest((ChatMessage("user", text),), of.model)
        try:
            async with aclosing(gateway.llm(of).stream(request)) as events:
                return [event async for event in events]
        finally:
            await gateway.close()

    began = time.monotonic()
    return asyncio.run(ask()), time.monotonic() - began


def said(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def with_spare(world: World, url: str, spare: ScriptedModel, **options: object) -> ModelCard:
    connected(world, url, name="Main", options={"model": "large", **options})
    connected(world, spare.openai_url, name="Spare", role="fallback", options={"model": "small"})
    return card(world)


def refused_url() -> str:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def test_a_refused_connection_costs_less_than_three_seconds(
    left: World, scripted_model: ScriptedModel
) -> None:
    events, seconds = answer(with_spare(left, refused_url(), scripted_model), WELL)
    assert events[0] == Switched("Main", "Spare", "small", "unreachable")
    assert (said(events), seconds < 3) == ("I am the spare", True)
    assert scripted_model.last.body["model"] == "small"  # each has a model of its own


@pytest.mark.parametrize("status", ["503", "401"])
def test_so_does_a_failing_service(
    left: World, service: Answering, scripted_model: ScriptedModel, status: str
) -> None:
    events, seconds = answer(with_spare(left, f"{service.url}/{status}/v1", scripted_model), WELL)
    assert (said(events), seconds < 3) == ("I am the spare", True)


def test_one_that_asks_us_to_wait_is_not_waited_for(left: World, scripted_model: ScriptedModel) -> None:
    scripted_model.script("status:503:10")
    main = with_spare(left, scripted_model.openai_url, scripted_model)
    events, seconds = answer(main, WELL)
    assert (said(events), seconds < 3) == ("I am the spare", True)


def test_a_black_hole_costs_less_than_eight(
    left: World, service: Answering, scripted_model: ScriptedModel
) -> None:
    events, seconds = answer(with_spare(left, f"{service.url}/silence/v1", scripted_model), WELL)
    assert events[0] == Switched("Main", "Spare", "small", "timeout")
    assert (said(events), seconds < 8) == ("I am the spare", True)


def test_after_the_first_word_nobody_changes_over(left: World, scripted_model: ScriptedModel) -> None:
    main = with_spare(left, scripted_model.openai_url, scripted_model)
    with pytest.raises(EndpointError) as raised:
        answer(main, "cut:3")
    assert raised.value.code == "cut"
    assert len(scripted_model.entries) == 1


def test_a_question_that_is_too_long_is_asked_once(left: World, scripted_model: ScriptedModel) -> None:
    main = with_spare(left, scripted_model.openai_url, scripted_model)
    with pytest.raises(EndpointError) as raised:
        answer(main, "too-long")
    assert (raised.value.code, len(scripted_model.entries)) == ("context_too_long", 1)


def test_nothing_is_sent_outside_the_zone(
    left: World, service: Answering, scripted_model: ScriptedModel
) -> None:
    left.organization.zone = "br"
    left.organization.save()
    connected(left, f"{service.url}/503/v1", name="Main", zone="br")
    connected(left, scripted_model.openai_url, name="Spare", role="fallback", zone="us")
    with pytest.raises(EndpointError):
        answer(card(left))
    assert scripted_model.entries == []


def test_ones_own_never_falls_back_to_the_platforms(
    left: World, service: Answering, scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUMANA_LLM_URL", scripted_model.openai_url)
    gateway.reload()
    try:
        connected(left, f"{service.url}/503/v1", name="Main")
        with pytest.raises(EndpointError):
            answer(card(left))
        assert scripted_model.entries == []
    finally:
        monkeypatch.undo()
        gateway.reload()


def test_one_that_fails_again_and_again_is_left_in_peace(left: World, service: Answering) -> None:
    connected(left, f"{service.url}/503/v1", name="Main")
    main = card(left)
    for _ in range(8):
        with pytest.raises(EndpointError):
            answer(main)
    assert len(service.asked) == breaker.LIMIT
    breaker.forget()  # as in another process: what Valkey knows is enough
    gateway._chain.cache_clear()
    with pytest.raises(EndpointError, match="asked again in"):
        answer(main)
    assert len(service.asked) == breaker.LIMIT


def test_anothers_failures_at_the_same_host_are_none_of_ours(
    left: World, right: World, service: Answering
) -> None:
    for world in (left, right):
        connected(world, f"{service.url}/503/v1", name="Main")
    for _ in range(breaker.LIMIT):
        with pytest.raises(EndpointError):
            answer(card(left))
    asked = len(service.asked)
    with pytest.raises(EndpointError):
        answer(card(right))
    assert len(service.asked) == asked + 1


def test_after_the_pause_one_tries_and_its_answer_lets_all_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PAUSE", 0.2)

    async def story(ours: breaker.Breaker, others: breaker.Breaker) -> None:
        for _ in range(breaker.LIMIT):
            assert await ours.asking() == 0
            await ours.failed()
        assert await others.asking() > 0
        await asyncio.sleep(0.3)
        assert await others.asking() == 0
        assert await ours.asking() > 0  # somebody tries already
        await others.answered()
        assert await ours.asking() == 0
        await breaker.close()

    asyncio.run(story(breaker.Breaker("test:trial"), breaker.Breaker("test:trial")))


def test_without_valkey_a_process_counts_for_itself(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]

    async def story(ours: breaker.Breaker) -> None:
        for _ in range(breaker.LIMIT):
            assert await ours.asking() == 0
            await ours.failed()
        assert await ours.asking() > 0
        await breaker.close()

    asyncio.run(story(breaker.Breaker("test:alone")))


def test_a_person_fails_over_and_comes_back(left: World, scripted_model: ScriptedModel) -> None:
    main = with_spare(left, scripted_model.openai_url, scripted_model)
    endpoint = main.route[0].id
    whose = {"organization": left.organization, "endpoint_id": endpoint, "member": left.owner}
    fail_over(**whose)
    standing.forget()
    assert [spec.name for spec in card(left).route] == ["Spare", "Main"]
    with pytest.raises(Conflict):
        fail_over(**whose)
    come_back(**whose)
    standing.forget()
    assert [spec.name for spec in card(left).route] == ["Main", "Spare"]
    with use_tenant(left.context):
        events = ControlEvent.objects.filter(resource_type="failover").values_list("action", flat=True)
        assert list(events) == ["failover.began", "failover.ended"]


def test_only_who_may_fails_over_and_only_ones_own(
    left: World, right: World, scripted_model: ScriptedModel
) -> None:
    main = with_spare(left, scripted_model.openai_url, scripted_model).route[0].id
    with pytest.raises(NotAllowed):
        fail_over(organization=left.organization, endpoint_id=main, member=left.member)
    with pytest.raises(NotFound):
        fail_over(organization=right.organization, endpoint_id=main, member=right.owner)
    endpoints.forget()


def test_the_silence_we_wait_for_leaves_time_for_the_other() -> None:
    assert fallback.SILENCE <= 6
