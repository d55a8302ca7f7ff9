"""Companions in different places write to each other, and conversations go from one place to another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import current_app

from audit.models import UsageEvent
from byoc import gateway
from chats.models import Chat, Message
from chats.queries import access_chat, thread
from chats.services.handing_over import accept_handoff, hand_over
from companions.correspondence import waiting_for
from companions.models import CompanionMessage, Delivery, Handoff
from companions.queries import access_companion
from companions.services import waking
from companions.services.sending import send_message
from tenants.context import use_tenant
from tenants.places import within
from tests.fixtures.mixed import AT_HOME, IN_DATABASE, IN_SCHEMA, Mixed
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.django_db(transaction=True)
ASK = CompanionMessage.Kind.COLLABORATION_REQUEST


@pytest.fixture
def model(scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    for name, value in (("URL", scripted_model.openai_url), ("KEY", "k"), ("MODEL", "scripted")):
        monkeypatch.setenv(f"HUMANA_LLM_{name}", value)
    gateway.reload()
    current_app.conf.task_always_eager = True
    yield scripted_model
    current_app.conf.task_always_eager = False
    monkeypatch.undo()
    gateway.reload()


def test_one_that_lives_elsewhere_is_asked_and_answers_from_there(mixed: Mixed, model: ScriptedModel) -> None:
    model.script("From my own database.")
    sofia = mixed.companions[IN_SCHEMA]
    with use_tenant(mixed.context), within("companion_id", sofia.id):  # asked from a third place
        here = access_companion(member=mixed.owner, companion_id=sofia.id)
        asked = send_message(
            member=mixed.owner, sender=here, kind=ASK, text="Where are you?", to=mixed.companions[IN_DATABASE]
        )
    with use_tenant(mixed.context):
        answer = CompanionMessage.objects.get(parent_id=asked.id)
        assert answer.payload == "From my own database."
        assert {one.state for one in Delivery.objects.all()} == {"delivered"}
        assert not UsageEvent.objects.exists()
        waking.sweep_deliveries()
        with within("companion_id", mixed.companions[IN_DATABASE].id):
            assert UsageEvent.objects.count() == 1, "metered where it lives"
    assert model.last.body["messages"][0]["content"].startswith("You are Dina.")


def test_a_conversation_goes_from_one_place_to_another(mixed: Mixed, model: ScriptedModel) -> None:
    chat = mixed.start(AT_HOME, "Budget")
    with use_tenant(mixed.context):
        question = Message.objects.create(chat=chat, role="person", text="How much is left?")
        Chat.objects.filter(id=chat.id).update(leaf_id=question.id)
        found = access_chat(member=mixed.owner, chat_id=chat.id)
        offered = hand_over(
            member=mixed.owner,
            chat=found,
            to_companion=mixed.companions[IN_DATABASE],
            to_member=mixed.owner,
        )
        assert [one.id for one in waiting_for(mixed.owner).to_me] == [offered.id]
        taken = accept_handoff(member=mixed.owner, handoff_id=offered.id)
        assert not Chat.objects.filter(id=taken.new_chat_id).exists()
        with within("companion_id", mixed.companions[IN_DATABASE].id):
            there = access_chat(member=mixed.owner, chat_id=taken.new_chat_id)
            assert [one.text for one in thread(there)] == ["How much is left?"]
            assert not Handoff.objects.exists(), "kept in the main place alone"
    page = mixed.client.get(mixed.address(f"chats/{taken.new_chat_id}/"))
    assert "How much is left?" in page.content.decode()
