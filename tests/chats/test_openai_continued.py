"""Responses that go on from an earlier one by its id, through the official SDK: nothing is sent twice."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from django.db import connection

from chats.models import Chat, Message, Run
from chats.queries import siblings, thread
from chats.services.conversations import archive_chat, remove_chat, restore_chat
from companions.models import Companion
from tenants.context import use_tenant
from tenants.services.keys import create_api_key
from tenants.transactions import tenant_atomic
from tests.chats.conftest import Desk, desk_at
from tests.chats.test_openai_responses import TOOL, respond
from tests.chats.test_openai_tools import client
from tests.chats.test_policies_enforced import enforce
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server
from tests.fixtures.tools import CITY, FORECAST, calls, equip
from tests.pages.conftest import signed_in
from tests.peers.tool_server import ToolPeer

__all__ = ["client"]
NOWHERE = "resp_" + "0" * 32


def told(model: ScriptedModel) -> list[str]:
    """What the model was told after its prompt."""
    return [one["content"] for one in model.last.body["messages"][1:]]


def run_of(desk: Desk, response: Any) -> Run:
    with use_tenant(desk.world.context):
        return Run.objects.select_related("message", "chat__companion").get(
            id=response.id.removeprefix("resp_")
        )


def refused(client: openai.OpenAI, desk: Desk, after: str, **more: Any) -> tuple[int, str, str, str]:
    """How one that goes on from this is refused."""
    with pytest.raises(openai.APIStatusError) as error:
        respond(client, desk, "And?", previous_response_id=after, **more)
    body: Any = error.value.body
    return error.value.status_code, body["code"], body["param"], body["message"]


def test_a_program_sends_only_what_is_new(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    """Two go on from the same response: two branches of one chat."""
    said = [
        {"role": "developer", "content": "We sell chairs."},
        {"role": "user", "content": "say:A"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "say:One"},
    ]
    first = respond(client, desk, said, instructions="Be brief.")
    assert (first.store, first.previous_response_id) == (True, None)
    second = respond(client, desk, "say:Two", previous_response_id=first.id, instructions="Be kind.")
    assert (second.output_text, second.previous_response_id) == ("Two", first.id)
    assert told(scripted_model) == ["say:A", "A", "say:One", "One", "say:Two"]
    system = scripted_model.last.body["messages"][0]["content"]
    assert system.endswith("Be kind.\n\nWe sell chairs."), "instructions hold for one response"
    with client.responses.stream(
        model=desk.world.companion.slug, input="say:Three", previous_response_id=first.id
    ) as stream:
        third = stream.get_final_response()
    assert told(scripted_model) == ["say:A", "A", "say:One", "One", "say:Three"]
    fourth = respond(client, desk, "say:Four", previous_response_id=third.id)
    assert told(scripted_model)[3:] == ["One", "say:Three", "Three", "say:Four"]
    with use_tenant(desk.world.context):
        runs = [run_of(desk, one) for one in (first, second, third, fourth)]
        (chat,) = Chat.objects.filter(id__in={one.chat_id for one in runs})
        shown = ["say:One", "One", "say:Three", "Three", "say:Four", "Four"]
        assert [one.text for one in thread(chat)] == shown
        question = Message.objects.get(id=runs[1].message.parent_id)
        assert [one.text for one in siblings(question)] == ["say:Two", "say:Three"]


def test_calls_and_their_results_pair_over_two_responses(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    long = {"item": "chair " * 1000}
    scripted_model.script(calls(("stock_of", long), say="I look."))
    first = respond(client, desk, "Chairs?", tools=[TOOL])
    call = first.output[1]
    status, code, param, message = refused(client, desk, first.id, tools=[TOOL])
    assert (status, code, param) == (400, "invalid_tool_message", "input[0]")
    assert call.call_id in message
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "12" * 2000}
    scripted_model.script("say:Many.")
    second = respond(client, desk, [result], tools=[TOOL], previous_response_id=first.id, instructions="X")
    assert second.output_text == "Many."
    _prompt, question, asked, came = scripted_model.last.body["messages"]
    assert (question["content"], asked["content"], came["content"]) == ("Chairs?", "I look.", "12" * 2000)
    assert json.loads(asked["tool_calls"][0]["function"]["arguments"]) == long, "whole"
    respond(client, desk, "say:Thanks", previous_response_id=second.id)
    assert told(scripted_model) == ["Chairs?", "I look.", "12" * 2000, "Many.", "say:Thanks"]
    with pytest.raises(openai.BadRequestError):
        respond(client, desk, [{**result, "call_id": "other"}], previous_response_id=first.id)
    with use_tenant(desk.world.context):
        rest = run_of(desk, second).message
        assert rest.parent_id == run_of(desk, first).message.id, "the rest of the answer that called"
    page = signed_in(desk.world.member).get(f"/o/{desk.world.slug}/chats/{rest.chat_id}/").content.decode()
    assert page.index("I look.") < page.index("Many.") < page.index("say:Thanks")
    again = client.responses.retrieve(first.id)
    assert again == first, "as it was given"
    assert again.output[1].arguments == call.arguments  # type: ignore[union-attr]
    items = client.responses.input_items.list(second.id).data
    assert [(one.type, one.output) for one in items] == [("function_call_output", "12" * 2000)]  # type: ignore[union-attr]

    enforce(desk, {"kind": "pattern", "stage": "tool", "name": "Secrets", "pattern": "secret-[0-9]+"})
    secret = respond(
        client, desk, [{**result, "output": "secret-99"}], previous_response_id=first.id, tools=[TOOL]
    )
    assert "secret-99" not in json.dumps([scripted_model.last.body, run_of(desk, secret).message.parts])


@pytest.fixture
def equipped(desk: Desk, tool_peer: ToolPeer) -> None:
    equip(desk.world, tool_peer)


@pytest.mark.usefixtures("equipped")
def test_what_the_companions_own_tools_said_is_told_again(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    scripted_model.script(calls((FORECAST, CITY)))
    first = respond(client, desk, "How is the weather?")
    respond(client, desk, "say:Thanks", previous_response_id=first.id)
    roles = [one["role"] for one in scripted_model.last.body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert "Sunny in Recife" in scripted_model.last.body["messages"][3]["content"]


def test_a_response_is_read_again_and_let_go(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    first = respond(client, desk, "say:One", temperature=0.5, instructions="Be brief.", tools=[TOOL])
    second = respond(client, desk, "say:Two", previous_response_id=first.id)
    with client.responses.create(model=desk.world.companion.slug, input="say:S", stream=True) as events:
        streamed = list(events)[-1].response  # type: ignore[union-attr]
    for one in (first, second, streamed):
        assert client.responses.retrieve(one.id) == one
    many = [{"role": "user", "content": f"say:{number}"} for number in range(3)]
    listed = client.responses.input_items.list(respond(client, desk, many).id, limit=2, order="asc")
    assert [one.content[0].text for one in listed] == ["say:0", "say:1", "say:2"], "page by page"  # type: ignore[union-attr]
    client.responses.delete(first.id)
    for read in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
        with pytest.raises(openai.NotFoundError) as gone:
            read(first.id)
        assert gone.value.code == "response_not_found"
    assert refused(client, desk, first.id)[:2] == (404, "previous_response_not_found")
    respond(client, desk, "say:Three", previous_response_id=second.id, store=False)
    assert told(scripted_model)[:2] == ["say:One", "One"], "what went on from it has it still"
    run = run_of(desk, second)
    client.responses.delete(second.id)
    with use_tenant(desk.world.context):
        assert Chat.objects.filter(id=run.chat_id).exists(), "there is an answer that was not let go"
    alone = respond(client, desk, "say:Alone")
    chat_id = run_of(desk, alone).chat_id
    client.responses.delete(alone.id)
    with use_tenant(desk.world.context):
        assert not Chat.objects.filter(id=chat_id).exists(), "in the trash"


def test_what_is_not_to_be_kept_is_gone_on_from_by_nobody(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    loose = respond(client, desk, "say:Loose", store=False)
    assert loose.store is False
    with use_tenant(desk.world.context):
        assert run_of(desk, loose).message.parts == []
    lost = refused(client, desk, NOWHERE)
    assert lost[:3] == (404, "previous_response_not_found", "previous_response_id")
    assert refused(client, desk, loose.id) == lost
    assert refused(client, desk, "anything") == lost
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(loose.id)
    with use_tenant(desk.world.context):
        page = desk.until(desk.ask("say:Page"), Run.State.DONE)
    assert refused(client, desk, f"resp_{page.id.hex}") == lost, "a person's, from the page"


@pytest.fixture
def elsewhere(server: Server, desk: Desk) -> list[str]:
    """Keys of a colleague, and of another organization."""
    with use_tenant(desk.world.context):
        colleague = create_api_key(member=desk.world.owner, name="Colleague")[1]
    return [colleague, desk_at(server).key]


def test_another_persons_response_is_like_one_that_never_was(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel, elsewhere: list[str]
) -> None:
    mine = respond(client, desk, "say:Mine")
    for key in elsewhere:
        theirs = client.with_options(api_key=key)
        assert refused(theirs, desk, mine.id) == refused(theirs, desk, NOWHERE)
        for read in (theirs.responses.retrieve, theirs.responses.delete, theirs.responses.input_items.list):
            found = []
            for one in (mine.id, NOWHERE):
                with pytest.raises(openai.NotFoundError) as error:
                    read(one)
                found.append({**error.value.body, "id": ""})  # type: ignore[dict-item]
            assert found[0] == found[1]
    assert client.responses.retrieve(mine.id) == mine
    with use_tenant(desk.world.context):
        assert Message.objects.filter(chat=run_of(desk, mine).chat_id).count() == 2


def test_what_changed_since_is_seen_when_it_goes_on(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    world = desk.world
    first = respond(client, desk, "say:secret-1")
    run = run_of(desk, first)
    with use_tenant(world.context):
        Message.objects.filter(id=run.message_id).update(text="long " * 50_000)  # what a model may say
        respond(client, desk, "say:Two", previous_response_id=first.id)
        Message.objects.filter(id=run.message_id).update(text="secret-1")
        archive_chat(member=world.member, chat=run.chat, archived=True)
        assert respond(client, desk, "say:Two", previous_response_id=first.id).output_text == "Two"
        run.chat.refresh_from_db()
        assert run.chat.archived, "it stays archived"
        remove_chat(member=world.member, chat=run.chat)
        assert refused(client, desk, first.id)[:2] == (404, "previous_response_not_found")
        restore_chat(member=world.member, chat_id=run.chat_id)
        other = Companion(slug="other", name="Other", purpose="None", base_prompt="You are here.")
        other.save()
        status, code, param, message = refused(client, desk, first.id, model="other")
        assert (status, code, param) == (400, "model_mismatch", "model")
        assert world.companion.slug in message
        Companion.objects.filter(id=world.companion.id).update(state=Companion.State.PAUSED)
        assert refused(client, desk, first.id)[:2] == (409, "companion_paused")
        Companion.objects.filter(id=world.companion.id).update(state=Companion.State.ACTIVE)
        Run.objects.filter(id=run.id).update(state=Run.State.STREAMING)
        assert refused(client, desk, first.id)[:2] == (409, "response_in_progress")
        Run.objects.filter(id=run.id).update(state=Run.State.FAILED)
        assert refused(client, desk, first.id)[:2] == (400, "previous_response_failed")
        Run.objects.filter(id=run.id).update(state=Run.State.DONE)
    enforce(desk, {"kind": "pattern", "stage": "input", "name": "Secrets", "pattern": "secret-[0-9]+"})
    respond(client, desk, "say:Three", previous_response_id=first.id)
    assert told(scripted_model) == ["say:Three"], "policies of now look at what was said then"


def test_who_go_on_in_the_same_moment_get_a_branch_each(desk: Desk, client: openai.OpenAI) -> None:
    first = respond(client, desk, "say:One")
    with ThreadPoolExecutor(4) as programs:
        going = [
            programs.submit(respond, client, desk, f"say:{number}", previous_response_id=first.id)
            for number in range(4)
        ]
        assert [one.result().output_text for one in going] == ["0", "1", "2", "3"]
    above = run_of(desk, first).message_id
    with use_tenant(desk.world.context):
        asked = Message.objects.filter(parent_id=above).values_list("text", flat=True)
        assert sorted(asked) == ["say:0", "say:1", "say:2", "say:3"]


@pytest.mark.postgresql_only("only its own catalogue says who waits for whom")
def test_a_chat_that_is_being_removed_gets_no_more_said(desk: Desk, client: openai.OpenAI) -> None:
    first = respond(client, desk, "say:One")
    chat = run_of(desk, first).chat
    with ThreadPoolExecutor(1) as program, use_tenant(desk.world.context):
        with tenant_atomic():
            remove_chat(member=desk.world.member, chat=chat)
            going = program.submit(refused, client, desk, first.id)
            while not (going.done() or somebody_waits()):
                time.sleep(0.05)
        assert going.result()[:2] == (404, "previous_response_not_found")
        assert Message.objects.filter(chat_id=chat.id).count() == 2


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
