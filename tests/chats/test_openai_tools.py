"""A program that brings its own tools to /v1: the official SDK, a scripted model, a real web process."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from chats.models import Message, Run
from tenants.context import use_tenant
from tests.chats.conftest import Desk
from tests.chats.test_openai_door import say
from tests.chats.test_policies_enforced import enforce
from tests.fixtures.models import ScriptedModel
from tests.fixtures.tools import calls, equip
from tests.peers.tool_server import ToolPeer

STOCK = {
    "type": "function",
    "function": {
        "name": "stock_of",
        "description": "How many there are",
        "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
    },
}
ASKED = say("How many chairs are there?")


@pytest.fixture
def client(desk: Desk, scripted_model: ScriptedModel) -> openai.OpenAI:
    desk.until(desk.ask("say:Oi"), Run.State.DONE)  # what is scripted is for the questions of the test
    scripted_model.forget()
    return openai.OpenAI(base_url=f"{desk.server.url}/v1", api_key=desk.key, max_retries=0, timeout=20)


def complete(client: openai.OpenAI, desk: Desk, messages: Any, **more: Any) -> Any:
    return client.chat.completions.create(
        model=desk.world.companion.slug, messages=messages, **{"tools": [STOCK], **more}
    )


def kept(desk: Desk, answer: Any) -> Message:
    with use_tenant(desk.world.context):
        run = Run.objects.select_related("message").get(id=answer.id.removeprefix("chatcmpl-"))
        return run.message


def test_a_call_is_the_programs_to_make_and_its_result_is_told(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    scripted_model.script(calls(("stock_of", {"item": "chair"}), say="Let me look."))
    first = complete(client, desk, ASKED)
    choice = first.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "Let me look."
    (call,) = choice.message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("stock_of", {"item": "chair"})
    assert [one["function"]["name"] for one in scripted_model.last.body["tools"]] == ["stock_of"]
    assert [(one["name"], one["state"]) for one in kept(desk, first).parts] == [("stock_of", "handed")]

    history = [*ASKED, choice.message, {"role": "tool", "tool_call_id": call.id, "content": "Exactly 12."}]
    scripted_model.script("say:There%20are%2012.")
    second = complete(client, desk, history)
    assert second.choices[0].message.content == "There are 12."
    assert second.choices[0].message.tool_calls is None
    *_system, question, asked, told = scripted_model.last.body["messages"]
    assert question["content"] == ASKED[0]["content"]
    assert asked["tool_calls"][0]["id"] == told["tool_call_id"] == call.id
    assert told["content"] == "Exactly 12."
    answer = kept(desk, second)
    assert [(one["name"], one["said"]) for one in answer.parts] == [("stock_of", "Exactly 12.")]
    with use_tenant(desk.world.context):
        assert Message.objects.get(id=answer.parent_id).text == ASKED[0]["content"]


def test_in_a_stream_calls_come_whole_and_last(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    two = [("stock_of", {"item": "chair"}), ("stock_of", {"item": "table"})]
    scripted_model.script(calls(*two, say="One moment."))
    chunks = list(complete(client, desk, ASKED, stream=True))
    said = "".join(one.choices[0].delta.content or "" for one in chunks)
    found = [call for one in chunks for call in one.choices[0].delta.tool_calls or ()]
    assert said == "One moment."
    assert [(one.index, json.loads(one.function.arguments)["item"]) for one in found] == [
        (0, "chair"),
        (1, "table"),
    ]
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    scripted_model.script(calls(*two))
    alone = complete(client, desk, ASKED, parallel_tool_calls=False)
    assert len(alone.choices[0].message.tool_calls) == 1


def test_what_the_program_chooses_is_told_to_the_model(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    for choice, told in [
        ("required", "required"),
        ("none", "none"),
        (
            {"type": "function", "function": {"name": "stock_of"}},
            {"type": "function", "function": {"name": "stock_of"}},
        ),
    ]:
        complete(client, desk, say("say:Oi"), tool_choice=choice)
        assert scripted_model.last.body["tool_choice"] == told


def test_the_companions_own_tools_stay_away_from_who_brings_some(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel, tool_peer: ToolPeer
) -> None:
    equip(desk.world, tool_peer)
    complete(client, desk, say("say:Oi"))
    assert [one["function"]["name"] for one in scripted_model.last.body["tools"]] == ["stock_of"]
    complete(client, desk, say("say:Oi"), tools=openai.omit)
    assert "stock_of" not in json.dumps(scripted_model.last.body["tools"])


def test_policies_hold_for_a_programs_tools(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    enforce(desk, {"kind": "pattern", "stage": "tool", "name": "Secrets", "pattern": "secret-[0-9]+"})
    scripted_model.script(calls(("stock_of", {"item": "chair"}), ("stock_of", {"item": "secret-7"})))
    stopped = complete(client, desk, ASKED)
    assert stopped.choices[0].finish_reason == "content_filter"
    assert stopped.choices[0].message.tool_calls is None, "not even the first of them"
    asked = {
        "role": "assistant",
        "tool_calls": [
            {"id": "abc", "type": "function", "function": {"name": "stock_of", "arguments": "{}"}}
        ],
    }
    scripted_model.script("say:Well")
    complete(client, desk, [*ASKED, asked, {"role": "tool", "tool_call_id": "abc", "content": "secret-99"}])
    assert "secret-99" not in json.dumps(scripted_model.last.body)
    enforce(desk, {"kind": "tools", "stage": "tool", "allowed": ["weather__forecast"]})
    with pytest.raises(openai.PermissionDeniedError, match="stock_of"):
        complete(client, desk, ASKED)


CALLED = {"id": "c1", "type": "function", "function": {"name": "stock_of", "arguments": "{}"}}
WRONG: list[tuple[dict[str, Any], Any]] = [
    ({"tools": [{"type": "function", "function": {"name": "two words"}}]}, ASKED),
    ({"tools": [STOCK, STOCK]}, ASKED),
    ({"tools": [{"type": "web_search"}]}, ASKED),
    ({"tools": [STOCK] * 129}, ASKED),
    ({"tool_choice": {"type": "function", "function": {"name": "another"}}}, ASKED),
    ({}, [*ASKED, {"role": "tool", "tool_call_id": "c1", "content": "answers nothing"}]),
    ({}, [*ASKED, {"role": "assistant", "tool_calls": [CALLED]}, *say("and now?")]),
    ({}, [*ASKED, {"role": "assistant", "tool_calls": [CALLED]}]),
    ({}, [{"role": "user", "content": "x", "tool_calls": [CALLED]}]),
    (
        {},
        [
            {"role": "assistant", "tool_calls": [CALLED]},
            {"role": "tool", "tool_call_id": "c1", "content": ""},
        ],
    ),
]


@pytest.mark.in_turn(4)
@pytest.mark.parametrize(("more", "messages"), WRONG, ids=range(len(WRONG)))
def test_what_no_service_would_take_is_refused_with_its_place(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel, more: dict[str, Any], messages: Any
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        complete(client, desk, messages, **more)
    assert refused.value.body["message"]  # type: ignore[index]
    assert not scripted_model.entries
