"""Anthropic's messages.

System messages travel apart from the others. A limit of tokens is required, so there is a default.
Since 1.0 the SDK takes no `temperature`; models that still accept one get it in `extra_body`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from byoc.adapters.llm.anthropic_events import MessageDecoder
from byoc.adapters.llm.base import SDKAdapter, given
from byoc.adapters.llm.bound import names_in, raw
from byoc.adapters.llm.clients import ANTHROPIC_MODULES, Client, anthropic_client
from byoc.adapters.llm.options import max_tokens_for
from byoc.adapters.llm.reader import Decoder
from byoc.contracts import ChatMessage, ChatRequest, ModelInfo

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

DEFAULT_MAX_TOKENS = 4_096
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}


class Anthropic(SDKAdapter):
    """One endpoint that speaks Anthropic's protocol. Its `url` ends before `/v1`."""

    modules = ANTHROPIC_MODULES

    def _connect(self) -> Client:
        return anthropic_client(self._spec, self._connecting, self._guard)

    def _ask(self, sdk: AsyncAnthropic, request: ChatRequest, model: ModelInfo) -> Any:
        # Most of it as `extra_body`: the SDK walks through its own arguments, message by message.
        answer = sdk.messages.with_streaming_response.create(
            model=model.name,
            max_tokens=max_tokens_for(request, self._spec, model) or DEFAULT_MAX_TOKENS,
            messages=(),
            stream=True,
            extra_body=self._body(request, model),
        )
        return raw(answer)

    def _list(self, sdk: AsyncAnthropic) -> Any:
        return raw(sdk.models.with_streaming_response.list(limit=1_000))

    def _retrieve(self, sdk: AsyncAnthropic) -> Any:
        return raw(sdk.models.with_streaming_response.retrieve(self._spec.model))

    def _names(self, listed: bytes) -> list[str]:
        return names_in(listed)

    def _decoder(self) -> Decoder:
        return MessageDecoder(self._spec)

    def _body(self, request: ChatRequest, model: ModelInfo) -> dict[str, Any]:
        body: dict[str, Any] = {"messages": _turns(request)}
        if system := "\n\n".join(
            turn.text for turn in request.messages if turn.role == "system" and turn.text
        ):
            body["system"] = system
        if (temperature := self._options.temperature_for(request, model)) is not None:
            body["temperature"] = temperature
        return body | _tools(request) | self._options.extra_body | dict(request.extra)


def _turns(request: ChatRequest) -> list[dict[str, Any]]:
    """What came of tools is told by the person, all of one turn in one message; empty turns are refused."""
    turns: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role == "tool":
            if not results:
                turns.append({"role": "user", "content": results})
            text = {"content": message.text} if message.text else {}
            results.append({"type": "tool_result", "tool_use_id": message.tool_call_id} | text)
            continue
        results = []
        if message.role != "system" and (content := _content(message)):
            turns.append({"role": message.role, "content": content})
    return turns


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    text = message.text if message.text.strip() else ""
    if not message.tool_calls:
        return text
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": given(call.arguments)}
        for call in message.tool_calls
    ]
    return [{"type": "text", "text": text}, *calls] if text else calls


def _tools(request: ChatRequest) -> dict[str, Any]:
    if not request.tools:
        return {}
    tools = [
        {
            "name": tool.name,
            "description": tool.description,
            "input_schema": dict(tool.parameters) or {"type": "object"},
        }
        for tool in request.tools
    ]
    kind = _CHOICES.get(request.tool_choice)
    choice = {"type": kind} if kind else {"type": "tool", "name": request.tool_choice}
    return {"tools": tools, "tool_choice": choice}
