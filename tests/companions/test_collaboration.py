"""A companion asks another, which answers as itself; once, metered, in one trace that can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import current_app

from audit.models import UsageEvent
from byoc import gateway
from companions.models import Companion, CompanionMessage, Delivery, Interaction
from companions.services import answering
from companions.services.answering import answer_request
from companions.services.companions import create_companion
from companions.services.delivering import MOST_ATTEMPTS, deliver
from companions.services.quarantine import release_delivery
from companions.services.rules import drop_rule, set_rule
from companions.services.sending import send_message
from humana.kernel.errors import EndpointError
from tenants.models import Membership
from tests.companions.conftest import Bakery
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.django_db(transaction=True)
SHARE, ASK = CompanionMessage.Kind.KNOWLEDGE_SHARE, CompanionMessage.Kind.COLLABORATION_REQUEST


@pytest.fixture
def model(scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    monkeypatch.setenv("HUMANA_LLM_URL", scripted_model.openai_url)
    monkeypatch.setenv("HUMANA_LLM_KEY", "k")
    monkeypatch.setenv("HUMANA_LLM_MODEL", "scripted")
    gateway.reload()
    yield scripted_model
    monkeypatch.undo()
    gateway.reload()
    current_app.conf.task_always_eager = False


def copy_of(asked: CompanionMessage) -> Delivery:
    return Delivery.objects.get(message=asked)


def answers_to(asked: CompanionMessage) -> list[str]:
    return [one.payload for one in CompanionMessage.objects.filter(parent=asked)]


def asks(owner: Membership, ana: Companion, bia: Companion) -> CompanionMessage:
    return send_message(member=owner, sender=ana, kind=ASK, text="How long does rye need?", to=bia)


def test_a_companion_that_is_asked_answers_as_itself(
    bakery: Bakery, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = bakery.person("owner")
    ana, bia = (
        create_companion(name=name, purpose="Bakes", base_prompt=f"You are {name}.", language="en")
        for name in ("Ana", "Bia")
    )
    Companion.objects.filter(id=ana.id).update(access="restricted")  # who may ask is answered all the same

    # By itself, as soon as it is asked.
    current_app.conf.task_always_eager = True
    model.script("Rye needs a night.")
    asked = asks(owner, ana, bia)
    answer = CompanionMessage.objects.get(parent=asked)
    assert (answer.sender_id, answer.payload, answer.kind) == (bia.id, "Rye needs a night.", SHARE)
    assert (answer.trace_id, answer.hop, answer.permissions) == (asked.trace_id, 1, asked.permissions)
    assert copy_of(answer).state == Delivery.State.DELIVERED
    assert copy_of(asked).answered_at is not None
    system, question = model.last.body["messages"]
    assert system["content"] == "You are Bia."
    assert "Ana" in question["content"]
    assert question["content"].endswith("How long does rye need?")
    used = UsageEvent.objects.get()
    assert (used.companion_id, used.member_id, used.outcome) == (bia.id, owner.id, "done")
    answer_request(copy_of(asked).id)
    assert answers_to(asked) == ["Rye needs a night."], "a second time changes nothing"
    done = Interaction.objects.get()
    assert (done.kind, done.companion_id, done.other_id) == ("collaboration", bia.id, ana.id)
    assert (done.member_id, done.session_id, done.count) == (owner.id, asked.trace_id, 2)
    current_app.conf.task_always_eager = False

    # A worker died after the model spoke: it is asked again, and one answer is sent.
    model.script("A night.", times=2)
    again = asks(owner, ana, bia)
    deliver(bia.id)
    with monkeypatch.context() as dying:
        dying.setattr("companions.services.answering._send", lambda *_of_what: None)
        answer_request(copy_of(again).id)
    late = answering._asked(copy_of(again).id)
    assert late is not None
    answer_request(copy_of(again).id)
    answering._send(late, "From a second worker that had taken it too.")
    assert answers_to(again) == ["A night."]
    assert UsageEvent.objects.count() == 3, "what was used is metered each time"

    # A model that does not answer: put aside after some attempts, then asked again.
    third = asks(owner, ana, bia)
    deliver(bia.id)
    model.script("cut:2", times=MOST_ATTEMPTS)
    for attempt in range(1, MOST_ATTEMPTS):
        with pytest.raises(EndpointError):
            answer_request(copy_of(third).id)
        assert (copy_of(third).state, copy_of(third).attempts) == ("delivered", attempt)
    answer_request(copy_of(third).id)
    assert copy_of(third).state == "quarantined"
    model.forget()
    model.script("A night.")
    assert release_delivery(member=owner, delivery_id=copy_of(third).id)
    answer_request(copy_of(third).id)
    assert answers_to(third) == ["A night."]

    # What is denied meanwhile is not sent; who left the organization asks nothing any more.
    fourth = asks(owner, ana, bia)
    deliver(bia.id)
    rule = set_rule(source_id=bia.id, target_id=ana.id, allow=False)
    model.script("A night.")
    answer_request(copy_of(fourth).id)
    assert (answers_to(fourth), copy_of(fourth).reason) == ([], "denied")
    drop_rule(rule=rule)
    fifth = asks(owner, ana, bia)
    deliver(bia.id)
    Membership.objects.filter(id=owner.id).update(state=Membership.State.SUSPENDED)
    asked_before = len(model.entries)
    answer_request(copy_of(fifth).id)
    assert (answers_to(fifth), copy_of(fifth).reason) == ([], "not_yours")
    assert len(model.entries) == asked_before, "the model is not even asked"
