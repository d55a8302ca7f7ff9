"""/v1/responses through the official SDK: the calls that its documentation begins with."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from chats.models import Run
from tenants.context import use_tenant
from tests.chats.conftest import Desk
from tests.chats.test_openai_tools import client
from tests.chats.test_policies_enforced import enforce
from tests.fixtures.models import ScriptedModel
from tests.fixtures.tools import calls

__all__ = ["client"]
TOOL = {
    "type": "function",
    "name": "stock_of",
    "description": "How many there are",
    "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
    "strict": False,
}


def respond(client: openai.OpenAI, desk: Desk, said: Any, **more: Any) -> Any:
    return client.responses.create(**{"model": desk.world.companion.slug, "input": said, **more})


def test_a_text_a_conversation_and_a_stream(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    answer = respond(client, desk, "say:Bom%20dia", instructions="Be brief.")
    assert (answer.output_text, answer.status) == ("Bom dia", "completed")
    assert answer.usage.total_tokens > 0
    assert scripted_model.last.body["messages"][0]["content"].endswith("Be brief.")
    with use_tenant(desk.world.context):
        assert Run.objects.filter(id=answer.id.removeprefix("resp_"), state=Run.State.DONE).exists()
    again = respond(
        client,
        desk,
        [
            {"role": "user", "content": [{"type": "input_text", "text": "say:first"}]},
            *[one.model_dump() for one in answer.output],
            {"role": "user", "content": "say:second"},
        ],
    )
    assert again.output_text == "second"
    told = [one["content"] for one in scripted_model.last.body["messages"][1:]]
    assert told == ["say:first", "Bom dia", "say:second"]
    with client.responses.stream(model=desk.world.companion.slug, input="say:um%20dois") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == "um dois"
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"


def test_a_call_and_what_came_of_it(desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel) -> None:
    scripted_model.script(calls(("stock_of", {"item": "chair"}), say="I look."), times=2)
    answer = respond(client, desk, "Chairs?", tools=[TOOL])
    message, call = answer.output
    assert message.content[0].text == "I look."
    assert (call.name, json.loads(call.arguments)) == ("stock_of", {"item": "chair"})
    with client.responses.stream(
        model=desk.world.companion.slug,
        input="Chairs?",
        tools=[TOOL],  # type: ignore[list-item]
    ) as stream:
        streamed = stream.get_final_response().output[1]
    assert (streamed.name, streamed.arguments) == (call.name, call.arguments)  # type: ignore[union-attr]
    said = [
        {"role": "user", "content": "Chairs?"},
        *[one.model_dump() for one in answer.output],
        {"type": "function_call_output", "call_id": call.call_id, "output": "12"},
    ]
    scripted_model.script("say:Twelve.")
    assert respond(client, desk, said, tools=[TOOL]).output_text == "Twelve."
    assert scripted_model.last.body["messages"][-1]["content"] == "12"


def test_an_answer_that_is_stopped_or_breaks_off_says_so(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    scripted_model.script("cut:5")
    with client.responses.create(model=desk.world.companion.slug, input="Hello?", stream=True) as events:
        last = list(events)[-1]
    assert last.type == "response.failed"
    assert "broke off" in last.response.error.message  # type: ignore[union-attr]
    enforce(desk, {"kind": "pattern", "stage": "output", "name": "Words", "pattern": "forbidden"})
    scripted_model.script("say:forbidden", times=2)
    answer = respond(client, desk, "Hello?")
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "content_filter")
    assert answer.output[0].content[0].refusal
    with client.responses.create(model=desk.world.companion.slug, input="Hello?", stream=True) as events:
        last = list(events)[-1]
    assert last.type == "response.incomplete"


def test_what_is_wrong_is_named_as_the_protocol_calls_it(
    desk: Desk, client: openai.OpenAI, scripted_model: ScriptedModel
) -> None:
    """Instructions stand before what is asked, and move none of its places."""
    stray = {"type": "function_call_output", "call_id": "nobody", "output": "x"}
    wrong: list[tuple[Any, str]] = [
        ([], "input"),
        ([{"role": "user", "content": "Hi"}, stray], "input[1]"),
        ([{"role": "user", "content": "Hi"}, {"role": "user", "content": "a\x00b"}], "input[1].content"),
    ]
    for said, place in wrong:
        with pytest.raises(openai.BadRequestError) as refused:
            respond(client, desk, said, instructions="Be brief.")
        assert refused.value.param == place
    with pytest.raises(openai.BadRequestError) as refused:
        respond(client, desk, "Hi", instructions="a\x00b")
    assert refused.value.param == "instructions"
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(
            model=desk.world.companion.slug,
            messages=[
                {"role": "user", "content": "Hi"},
                {"role": "tool", "tool_call_id": "nobody", "content": "x"},
            ],
        )
    assert refused.value.param == "messages[1]"
    assert not scripted_model.entries


@pytest.mark.parametrize(
    "more",
    [
        {"conversation": "conv_1"},
        {"background": True},
        {"tools": [{"type": "web_search"}]},
        {"input": []},
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "https://a.example"}]}]},
        {"input": [{"type": "computer_call", "id": "x"}]},
        {"input": [{"type": "function_call_output", "call_id": "nobody", "output": "x"}]},
    ],
    ids=range(7),
)
def test_what_is_not_served_is_refused(desk: Desk, client: openai.OpenAI, more: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError):
        client.responses.create(**{"model": desk.world.companion.slug, "input": "Hello", **more})
