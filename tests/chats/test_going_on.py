"""An answer that broke off is continued, and a chat's model is chosen: at a real web process."""

from __future__ import annotations

import time

import pytest

from byoc.config_keys import ALLOWED_MODELS, DEFAULT_MODEL
from chats.config_keys import CHOOSE_MODEL
from chats.models import Chat, Run
from chats.queries import thread
from chats.services.conversations import choose_model
from chats.services.replies import go_on
from humana.kernel.errors import Conflict, Invalid
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tenants.freshness import UNASKED
from tenants.services.config import change, of_organization
from tests.byoc.rows import connected
from tests.chats.conftest import Desk
from tests.fixtures.models import ScriptedModel


@pytest.fixture
def warm(desk: Desk, scripted_model: ScriptedModel) -> None:
    """What is scripted is for the questions of the test, not for a process that looks whether it is there."""
    desk.until(desk.ask("say:Oi"), Run.State.DONE)
    scripted_model.forget()


@pytest.mark.usefixtures("warm")
def test_an_answer_that_broke_off_goes_on_below_itself(desk: Desk, scripted_model: ScriptedModel) -> None:
    chat = desk.new_chat()
    scripted_model.script("cut:3")
    first = desk.until(desk.ask("Tell me of the sea", chat), Run.State.INTERRUPTED)
    with use_tenant(desk.world.context):
        scripted_model.script("say:%20and%20so%20on")
        rest = go_on(member=desk.world.member, message=first.message)
    rest = desk.until(rest, Run.State.DONE)
    told = scripted_model.last.body["messages"]
    assert [one["role"] for one in told[1:]] == ["user", "assistant", "user"]
    assert told[2]["content"] == first.message.text
    assert told[3]["content"].startswith("A sua última resposta foi interrompida. Continue")
    with use_tenant(desk.world.context):
        branch = thread(Chat.objects.get(id=chat.id))
        assert [one.role for one in branch] == ["person", "companion", "companion"]
        assert branch[2].parent_id == first.message_id
        with pytest.raises(Conflict):
            go_on(member=desk.world.member, message=first.message)  # something follows it already
        with pytest.raises(Conflict):
            go_on(member=desk.world.member, message=rest.message)  # it is complete
    desk.until(desk.ask("say:thanks", chat), Run.State.DONE)
    told = scripted_model.last.body["messages"]
    assert [one["role"] for one in told[1:]] == ["user", "assistant", "user"], "the two are told as one"
    assert told[2]["content"] == first.message.text + rest.message.text


@pytest.fixture
def two_models(desk: Desk, scripted_model: ScriptedModel) -> Desk:
    connected(desk.world, scripted_model.openai_url, name="Usual", options={"model": "large"})
    connected(desk.world, scripted_model.openai_url, name="Quick", options={"model": "small"})
    return desk


def test_a_chat_keeps_the_model_that_was_chosen_for_it_while_it_may(two_models: Desk) -> None:
    desk, chat = two_models, two_models.new_chat()

    def answered_by() -> str:
        return desk.until(desk.ask("say:Oi", chat), Run.State.DONE).model

    def choose(name: str) -> None:
        with use_tenant(desk.world.context):
            choose_model(member=desk.world.member, chat=chat, model=name)

    usual = answered_by()
    other = {"large": "Quick", "small": "Usual"}[usual]
    choose(other)
    chosen = answered_by()
    assert chosen != usual
    with use_tenant(desk.world.context):
        run = Run.objects.filter(chat_id=chat.id).latest("id")
    (why,) = [one for one in run.provenance["settings"] if one["key"] == DEFAULT_MODEL.name]
    assert why["layer"] == "chat"
    for name in ("nobody", "x" * 121):
        with pytest.raises(Invalid):
            choose(name)
    say(desk, ALLOWED_MODELS, (usual,))
    assert answered_by() == usual, "read when it is used"
    with pytest.raises(Invalid):
        choose(other)
    say(desk, ALLOWED_MODELS, None)
    say(desk, CHOOSE_MODEL, False)
    assert answered_by() == usual
    with pytest.raises(Conflict):
        choose(other)
    say(desk, CHOOSE_MODEL, True)
    assert answered_by() == chosen
    choose("")
    assert answered_by() == usual


def say(desk: Desk, key: object, value: object) -> None:
    organization = desk.world.organization.id
    with use_tenant(desk.world.context):
        change(member=desk.world.owner, where=of_organization(organization), key=key, value=value)  # type: ignore[arg-type]
    snapshot.forget()
    time.sleep(UNASKED + 0.1)  # the web process knows of it by then
