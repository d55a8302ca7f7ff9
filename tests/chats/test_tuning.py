"""What answers are made with: the companion's wish, the client's, and what is configured above both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from byoc import gateway
from byoc.config_keys import ALLOWED_MODELS, DEFAULT_MODEL
from byoc.contracts import Event, TextDelta
from chats.config_keys import MESSAGE_LIMIT
from chats.rounds import until
from chats.tuning import tuning_for
from companions.choosing import model_for, shown_model
from companions.config_keys import ANSWER_SECONDS, MAX_OUTPUT_TOKENS, TEMPERATURE
from humana.kernel.errors import EndpointError, Invalid
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tenants.models import Team
from tenants.services.config import UNSET, change, of_organization, of_team
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One from each of two platforms; neither is asked anything."""
    monkeypatch.setenv("HUMANA_LLM_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("HUMANA_LLM_MODEL", "small")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not-a-key")
    gateway.reload()
    snapshot.forget()
    yield
    monkeypatch.undo()
    gateway.reload()
    snapshot.forget()


def say(world: World, key: Any, **told: Any) -> None:
    with use_tenant(world.context):
        change(member=world.owner, where=of_organization(world.organization.id), key=key, **told)
    snapshot.forget()


def test_the_clients_wish_keeps_within_what_is_allowed(left: World) -> None:
    say(left, MAX_OUTPUT_TOKENS, value=500)
    say(left, TEMPERATURE, value=0.4, cap=0.8)
    with use_tenant(left.context):
        assert tuning_for(left.companion).wishes == {"max_tokens": 500, "temperature": 0.4}
        asked = tuning_for(left.companion, max_tokens=900, temperature=1.5, extra={"seed": 1})
    assert asked.wishes == {"max_tokens": 500, "temperature": 0.8, "extra": {"seed": 1}}
    say(left, TEMPERATURE, locked=True)
    with use_tenant(left.context):
        assert tuning_for(left.companion, max_tokens=9, temperature=0.1).wishes["temperature"] == 0.4


def test_who_said_each_setting_is_known(left: World) -> None:
    """A layer, the companion itself or the request; and whose bound acted."""
    say(left, TEMPERATURE, value=0.4, cap=0.8)
    with use_tenant(left.context):
        left.companion.model = gateway.offered()[1].model
        asked = tuning_for(left.companion, max_tokens=900, temperature=1.5)
    stamps = {one.key: (one.value, one.layer, one.limited_by) for one in asked.shaped}
    assert stamps == {
        "llm.default_model": (left.companion.model, "companion", ""),
        "llm.max_output_tokens": (900, "request", ""),
        "llm.temperature": (0.8, "request", "organization"),
        "llm.answer_seconds": (600, "default", ""),
    }
    say(left, DEFAULT_MODEL, value=asked.endpoint.model, locked=True)
    say(left, MAX_OUTPUT_TOKENS, value=500)
    with use_tenant(left.context):
        again = tuning_for(left.companion, max_tokens=900)
    assert [one.layer for one in again.shaped[:3]] == ["organization"] * 3
    say(left, DEFAULT_MODEL, value=UNSET, locked=False)
    say(left, ALLOWED_MODELS, value=[asked.endpoint.model])
    with use_tenant(left.context):
        left.companion.model = "another"
        only = tuning_for(left.companion).shaped[0]
    assert (only.key, only.value, only.layer) == ("llm.allowed_models", asked.endpoint.model, "organization")


def test_a_companion_answers_by_its_own_team(left: World) -> None:
    with use_tenant(left.context):
        team = Team.objects.create(organization=left.organization, name="Wards")
        where = of_team(left.organization.id, team.id)
        change(member=left.owner, where=where, key=ANSWER_SECONDS, value=30)
        snapshot.forget()
        assert tuning_for(left.companion).seconds == ANSWER_SECONDS.default
        left.companion.team_id = team.id
        assert tuning_for(left.companion).seconds == 30


def test_the_companions_own_model_comes_first_unless_the_usual_one_is_locked(left: World) -> None:
    with use_tenant(left.context):
        cards = gateway.offered()
        assert len(cards) >= 2
        left.companion.model = cards[1].model
        assert model_for(left.companion) == cards[1]
    say(left, DEFAULT_MODEL, value=cards[0].model)
    with use_tenant(left.context):
        assert model_for(left.companion) == cards[1]
    say(left, DEFAULT_MODEL, locked=True)
    with use_tenant(left.context):
        assert model_for(left.companion) == cards[0]


def test_a_model_that_may_not_answer_does_not(left: World) -> None:
    with use_tenant(left.context):
        cards = gateway.offered()
        left.companion.model = cards[0].model
    say(left, ALLOWED_MODELS, value=[cards[1].model])
    with use_tenant(left.context):
        assert model_for(left.companion) == cards[1]
    say(left, ALLOWED_MODELS, value=[])
    with use_tenant(left.context):
        assert shown_model(left.companion) is None
        with pytest.raises(EndpointError):
            model_for(left.companion)
    say(left, ALLOWED_MODELS, value=UNSET)
    with use_tenant(left.context):
        assert model_for(left.companion) == cards[0]


def test_messages_are_as_long_as_the_organization_allows(left: World) -> None:
    from chats.services.replies import ask

    say(left, MESSAGE_LIMIT, value=100)
    with use_tenant(left.context), pytest.raises(Invalid) as refusal:
        ask(member=left.twin, chat=left.chat, text="x" * 101)
    assert refusal.value.code == "too_long"


async def test_an_answer_that_takes_too_long_is_cut_off() -> None:
    closed = []

    async def slow() -> AsyncGenerator[Event, None]:
        try:
            yield TextDelta("Eight")
            await asyncio.sleep(60)
        finally:
            closed.append(True)

    heard = []
    with pytest.raises(EndpointError) as failure:
        async for event in until(slow(), 0.05):
            heard += [event]
    assert (heard, failure.value.code, closed) == ([TextDelta("Eight")], "timeout", [True])
