"""From a question to its answer, through a real web process and a model over a socket."""

from __future__ import annotations

import json
import time

import pytest

from audit.models import AuditEntry, UsageEvent
from byoc.pricing import read_prices
from byoc.services.failover import fail_over
from chats.models import Chat, Message, Run
from chats.queries import thread
from chats.services.replies import edit, regenerate
from humana.kernel.errors import Conflict, Invalid
from tenants.context import use_tenant
from tests.byoc.rows import connected
from tests.chats.conftest import Desk
from tests.fixtures.models import ScriptedModel


def test_a_question_is_answered_saved_metered_and_in_the_trail(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    run = desk.until(desk.ask("say:Bom%20dia"), Run.State.DONE)
    assert (run.message.text, run.message.state) == ("Bom dia", Message.State.DONE)
    with use_tenant(desk.world.context):
        usage = UsageEvent.objects.get(run_id=run.id)
        assert (usage.endpoint, usage.model, usage.outcome) == ("custom", "scripted", "done")
        assert usage.output_tokens
        assert usage.total_ms is not None
        assert (usage.cost, usage.price_source, usage.price_version) == (None, "", "")
        assert (
            AuditEntry.objects.filter(action="chats.answer.done", resource_id=str(run.message_id)).count()
            == 1
        )


def test_the_model_is_told_who_it_is_and_what_was_said(desk: Desk, scripted_model: ScriptedModel) -> None:
    chat = desk.new_chat()
    desk.until(desk.ask("say:one", chat), Run.State.DONE)
    run = desk.until(desk.ask("say:two", chat), Run.State.DONE)
    told = scripted_model.last.body["messages"]
    assert [one["role"] for one in told] == ["system", "user", "assistant", "user"]
    assert [one["content"] for one in told[1:]] == ["say:one", "one", "say:two"]
    assert run.prompt_digest
    assert run.provenance["companion"]["id"] == str(desk.world.companion.id)


def test_readers_get_every_piece_and_a_late_one_gets_them_too(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    run = desk.ask("paced:30:20")
    told = list(desk.events(run))
    text = "".join(data["text"] for _cursor, name, data in told if name == "text")
    assert told[-1][1:] == ("done", {"state": "done", "error": None, "message_id": str(run.message_id)})
    assert text == desk.message(run).text
    assert len([one for one in told if one[1] == "text"]) > 3, "it was streamed, not sent at once"
    late = [data["text"] for _cursor, name, data in desk.events(run) if name == "saved"]
    assert late == [text]


def test_a_reader_that_comes_back_misses_and_repeats_nothing(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    run = desk.ask("paced:40:25")
    first, cursor = "", ""
    for at, name, data in desk.events(run):
        cursor = at
        first += data["text"] if name == "text" else ""
        if len(first) > 60:
            break
    rest = "".join(data["text"] for _at, name, data in desk.events(run, after=cursor) if name == "text")
    assert first + rest == desk.until(run, Run.State.DONE).message.text
    assert len(scripted_model.entries) == 1, "a reader never starts a run"


def test_stopping_cancels_upstream_within_a_second_from_another_process(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    run = desk.ask("paced:1000:20")
    desk.until(run, Run.State.STREAMING)
    time.sleep(0.5)
    asked = time.time()
    desk.stop(run)  # from this process; the web process owns the run
    left = scripted_model.wait_for(lambda entry: entry.left_at is not None)
    assert left.left_at is not None
    assert left.left_at - asked < 1
    ended = desk.until(run, Run.State.STOPPED)
    assert ended.message.state == Message.State.STOPPED
    assert ended.message.text, "what was written stays"


@pytest.mark.in_turn(3)
@pytest.mark.parametrize(
    ("script", "state", "error"),
    [
        ("status:500", Run.State.FAILED, "overloaded"),
        ("no-credit", Run.State.FAILED, "rate_limited"),
        ("too-long", Run.State.FAILED, "context_too_long"),
        ("status:401", Run.State.FAILED, "unauthorized"),
        ("html", Run.State.FAILED, "malformed"),
        ("cut:5", Run.State.INTERRUPTED, "cut"),
        ("malformed:5", Run.State.INTERRUPTED, "malformed"),
    ],
)
def test_a_failing_model_loses_nothing_and_can_be_asked_again(
    desk: Desk, scripted_model: ScriptedModel, script: str, state: str, error: str
) -> None:
    chat = desk.new_chat()
    run = desk.until(desk.ask(script, chat), Run.State.FAILED, Run.State.INTERRUPTED, seconds=25)
    assert (run.state, run.error) == (state, error)
    assert bool(run.message.text) == (state == Run.State.INTERRUPTED)
    with use_tenant(desk.world.context):
        assert Message.objects.get(id=run.message.parent_id).text == script
        scripted_model.script("say:better")
        again = regenerate(member=desk.world.member, message=run.message)
    assert desk.until(again, Run.State.DONE).message.text == "better"


def test_editing_branches_and_regenerating_adds_a_version(desk: Desk, scripted_model: ScriptedModel) -> None:
    chat = desk.new_chat()
    first = desk.until(desk.ask("say:one", chat), Run.State.DONE)
    with use_tenant(desk.world.context):
        second = regenerate(member=desk.world.member, message=first.message)
    desk.until(second, Run.State.DONE)
    with use_tenant(desk.world.context):
        question = Message.objects.get(id=first.message.parent_id)
        third = edit(member=desk.world.member, message=question, text="say:other")
    desk.until(third, Run.State.DONE)
    with use_tenant(desk.world.context):
        now = Chat.objects.get(id=chat.id)
        assert [one.text for one in thread(now)] == ["say:other", "other"]
        assert Message.objects.filter(parent_id=question.id).count() == 2
        assert Message.objects.filter(chat_id=chat.id).count() == 5


def test_what_cannot_be_asked_is_refused_before_anything_is_saved(desk: Desk) -> None:
    chat = desk.new_chat()
    with use_tenant(desk.world.context):
        before = Message.objects.count()
    for text in ("", "   ", "x" * 40_000, "a\x00b", "\ud800"):
        with pytest.raises(Invalid):
            desk.ask(text, chat)
    with use_tenant(desk.world.context):
        assert Message.objects.count() == before
        live = Run.objects.create(
            chat=chat,
            message=Message.objects.create(
                chat=chat, parent=Message.objects.create(chat=chat, role="person"), role="companion"
            ),
        )
        with pytest.raises(Conflict):
            regenerate(member=desk.world.member, message=live.message)


def test_a_strangers_run_looks_missing(desk: Desk, scripted_model: ScriptedModel) -> None:
    """Another member of the same organization reads nothing of it either."""
    import httpx2

    run = desk.until(desk.ask("say:secret"), Run.State.DONE)
    headers = {"Authorization": f"Bearer {desk.world.key}"}  # the twin's key, same organization
    theirs = httpx2.get(f"{desk.server.url}/api/v1/runs/{run.id}/events", headers=headers)
    missing = httpx2.get(f"{desk.server.url}/api/v1/runs/{desk.world.chat.id}/events", headers=headers)
    assert theirs.status_code == missing.status_code == 404
    assert theirs.json()["error"]["code"] == missing.json()["error"]["code"]
    assert httpx2.get(f"{desk.server.url}/api/v1/runs/{run.id}/events").status_code == 401


def test_a_run_says_which_endpoint_answered(desk: Desk, scripted_model: ScriptedModel) -> None:
    """Its own model is away, and the one that stands in answers."""
    connected(desk.world, "http://127.0.0.1:9/v1", name="Away", options={"model": "large"})
    prices = {"currency": "BRL", "models": {"small": {"input": "1", "output": "2"}}}
    spare = {"name": "Spare", "role": "fallback", "options": {"model": "small"}, "prices": prices}
    connected(desk.world, scripted_model.openai_url, **spare)
    run = desk.ask("say:Bom%20dia")
    told = list(desk.events(run))
    run = desk.until(run, Run.State.DONE)
    assert (run.message.text, run.endpoint, run.model) == ("Bom dia", "Spare", "small")
    assert "switched" in [data["state"] for _cursor, name, data in told if name == "state"]
    with use_tenant(desk.world.context):
        usage = UsageEvent.objects.get(run_id=run.id)
        assert (usage.endpoint, usage.currency, usage.price_source) == ("Spare", "BRL", "table")
        assert usage.cost
        assert usage.price_version == read_prices(prices).version
        entry = AuditEntry.objects.get(action="chats.answer.done", resource_id=str(run.message_id))
        told_of = json.loads(entry.payload)
        assert (told_of["endpoint"], told_of["instead_of"]) == ("Spare", "Away")


def test_so_does_one_made_while_another_endpoint_stands_in(desk: Desk, scripted_model: ScriptedModel) -> None:
    """Nobody changes over during the answer: that was done before."""
    usual = connected(desk.world, "http://127.0.0.1:9/v1", name="Usual", options={"model": "large"})
    spare = {"name": "Stand-in", "role": "fallback", "options": {"model": "small"}}
    connected(desk.world, scripted_model.openai_url, **spare)
    fail_over(organization=desk.world.organization, endpoint_id=usual.id)
    run = desk.until(desk.ask("say:Bom%20dia"), Run.State.DONE)
    assert (run.endpoint, run.model) == ("Stand-in", "small")
