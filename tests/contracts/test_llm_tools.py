"""Tools: what the model asks for arrives whole, and what came of it goes back in its own protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from byoc.contracts import ChatMessage, ChatRequest, LLMAdapter, ToolCall, ToolSpec
from humana.kernel.errors import EndpointError
from tests.contracts.conftest import AIMOCK, SCRIPTED, Peer, ask
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.asyncio
Maker = Callable[..., LLMAdapter]

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = ToolSpec("get_weather", "The weather in a city.", CITY)
THREE = ["openai-scripted", "anthropic-scripted", "google-scripted"]


def after(calls: tuple[ToolCall, ...], *results: str) -> ChatRequest:
    told = [
        ChatMessage("tool", text, tool_call_id=call.id) for call, text in zip(calls, results, strict=True)
    ]
    asked = ChatMessage("assistant", "Let me look.", tool_calls=calls)
    return ChatRequest((ChatMessage("user", "tools"), asked, *told), tools=(WEATHER,))


@pytest.mark.parametrize("peer", [*SCRIPTED, *AIMOCK], indirect=True)
async def test_a_tool_call_arrives_whole(adapter: LLMAdapter, peer: Peer) -> None:
    answer = await adapter.generate(ask("tools", tools=(WEATHER,)))
    (call,) = answer.tool_calls
    assert isinstance(call, ToolCall)
    assert call.id
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Recife"})
    assert answer.reason == "tool_calls"


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
async def test_several_calls_are_told_apart(adapter: LLMAdapter) -> None:
    answer = await adapter.generate(ask("tools:3", tools=(WEATHER,)))
    assert answer.text == "Let me look."
    assert len({call.id for call in answer.tool_calls}) == 3
    assert [json.loads(call.arguments) for call in answer.tool_calls] == [{"city": "Recife"}] * 3


@pytest.mark.parametrize("peer", [*SCRIPTED, *AIMOCK], indirect=True)
async def test_the_turn_after_the_tool(adapter: LLMAdapter, peer: Peer) -> None:
    question = "weather" if peer.name == "aimock" else "tools:2"
    calls = (await adapter.generate(ask(question, tools=(WEATHER,)))).tool_calls
    assert len(calls) == 2
    answer = await adapter.generate(
        after(calls, '{"sky": "blue"}', "it rains")
        if peer.name == "scripted"
        else ChatRequest((ChatMessage("user", question), *after(calls, "blue", "it rains").messages[1:]))
    )
    assert ("it rains" in answer.text) == (peer.name == "scripted")
    assert not answer.tool_calls
    assert answer.reason == "stop"


@pytest.mark.parametrize("peer", THREE, indirect=True)
@pytest.mark.parametrize("choice", ["auto", "none", "required", "get_weather"])
async def test_each_protocol_spells_the_choice(
    adapter: LLMAdapter, peer: Peer, scripted_model: ScriptedModel, choice: str
) -> None:
    await adapter.generate(ask("hi", tools=(WEATHER,), tool_choice=choice))
    assert (
        _choice(peer.type, scripted_model.last.body)
        == {
            "openai": {"get_weather": {"type": "function", "function": {"name": "get_weather"}}}.get(
                choice, choice
            ),
            "anthropic": {
                "required": {"type": "any"},
                "get_weather": {"type": "tool", "name": "get_weather"},
            }.get(choice, {"type": choice}),
            "google": {
                "required": {"mode": "ANY"},
                "get_weather": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]},
            }.get(choice, {"mode": choice.upper()}),
        }[peer.type]
    )
    assert "The weather in a city." in str(scripted_model.last.body["tools"])


def _choice(kind: str, body: dict[str, Any]) -> Any:
    return body["toolConfig"]["functionCallingConfig"] if kind == "google" else body["tool_choice"]


@pytest.mark.parametrize("peer", THREE, indirect=True)
async def test_what_is_sent_after_the_tool(
    adapter: LLMAdapter, peer: Peer, scripted_model: ScriptedModel
) -> None:
    """Both results in one turn where the protocol wants that, each beside the call it belongs to."""
    calls = (
        ToolCall("one", "get_weather", '{"city": "Recife"}', "sealed"),
        ToolCall("two", "get_weather", "not JSON"),
    )
    await adapter.generate(after(calls, '{"sky": "blue"}', "rain"))
    body = scripted_model.last.body
    turns = body.get("contents") or body["messages"]
    assert [turn["role"] for turn in turns] == {
        "openai": ["user", "assistant", "tool", "tool"],
        "anthropic": ["user", "assistant", "user"],
        "google": ["user", "model", "user"],
    }[peer.type]
    assert turns[1:] == _SENT[peer.type]


_SENT: dict[str, list[Any]] = {
    "openai": [
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {
                    "id": "one",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"city": "Recife"}'},
                },
                {
                    "id": "two",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": "not JSON"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "one", "content": '{"sky": "blue"}'},
        {"role": "tool", "tool_call_id": "two", "content": "rain"},
    ],
    "anthropic": [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "one", "name": "get_weather", "input": {"city": "Recife"}},
                {"type": "tool_use", "id": "two", "name": "get_weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "one", "content": '{"sky": "blue"}'},
                {"type": "tool_result", "tool_use_id": "two", "content": "rain"},
            ],
        },
    ],
    "google": [
        {
            "role": "model",
            "parts": [
                {"text": "Let me look."},
                {
                    "functionCall": {"name": "get_weather", "args": {"city": "Recife"}},
                    "thoughtSignature": "sealed",
                },
                {"functionCall": {"name": "get_weather", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "get_weather", "response": {"sky": "blue"}}},
                {"functionResponse": {"name": "get_weather", "response": {"result": "rain"}}},
            ],
        },
    ],
}


@pytest.mark.parametrize("peer", THREE, indirect=True)
async def test_a_model_without_tools_is_not_asked_for_them(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    adapter = adapter_for(peer, options={"models": [{"name": "scripted", "tools": False}]})
    with pytest.raises(EndpointError) as raised:
        await adapter.generate(ask("tools", tools=(WEATHER,)))
    assert (raised.value.code, raised.value.permanent) == ("bad_request", True)
    assert "cannot use tools: choose another" in str(raised.value)
    assert not scripted_model.entries
