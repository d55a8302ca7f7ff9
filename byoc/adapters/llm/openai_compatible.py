"""OpenAI's chat completions, as OpenAI and a great many other servers speak them.

Serves `openai`, `custom` and `local` (the built-in model), and Azure by another road. What one server
wants and another refuses is an option of the endpoint: `tokens_parameter`, `stream_usage`, `extra_body`, …
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from byoc.adapters.llm.base import SDKAdapter
from byoc.adapters.llm.bound import names_in, raw
from byoc.adapters.llm.clients import OPENAI_MODULES, Client, openai_client
from byoc.adapters.llm.openai_chunks import ChunkDecoder
from byoc.adapters.llm.options import max_tokens_for
from byoc.adapters.llm.reader import Decoder
from byoc.contracts import ChatMessage, ChatRequest, ModelInfo

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class OpenAICompatible(SDKAdapter):
    """One endpoint that speaks OpenAI's protocol. Its `url` ends with `/v1` where the service has it."""

    modules = OPENAI_MODULES
    knows_its_models = False  # some serve their one model under any name

    def _connect(self) -> Client:
        return openai_client(self._spec, self._connecting, self._guard)

    def _ask(self, sdk: AsyncOpenAI, request: ChatRequest, model: ModelInfo) -> Any:
        # All of it as `extra_body`: the SDK walks through its own arguments, message by message.
        answer = sdk.chat.completions.with_streaming_response.create(
            model=model.name,
            messages=(),
            stream=True,
            extra_body=self._body(request, model),
        )
        return raw(answer)

    def _list(self, sdk: AsyncOpenAI) -> Any:
        return raw(sdk.models.with_streaming_response.list())

    def _retrieve(self, sdk: AsyncOpenAI) -> Any:
        return raw(sdk.models.with_streaming_response.retrieve(self._spec.model))

    def _names(self, listed: bytes) -> list[str]:
        return names_in(listed)

    def _decoder(self) -> Decoder:
        return ChunkDecoder(self._spec)

    def _body(self, request: ChatRequest, model: ModelInfo) -> dict[str, Any]:
        options = self._options
        body: dict[str, Any] = {"messages": [_turn(message) for message in request.messages]}
        if options.stream_usage:
            body["stream_options"] = {"include_usage": True}
        if (limit := max_tokens_for(request, self._spec, model)) is not None:
            body[options.tokens_parameter_for(model)] = limit
        if (temperature := options.temperature_for(request, model)) is not None:
            body["temperature"] = temperature
        return body | _tools(request) | options.extra_body | dict(request.extra)


class OpenAI(OpenAICompatible):
    """OpenAI's own service, which knows what it offers."""

    knows_its_models = True


def _turn(message: ChatMessage) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.text}
    if not message.tool_calls:
        return {"role": message.role, "content": message.text}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.tool_calls
    ]
    return {"role": message.role, "content": message.text or None, "tool_calls": calls}


def _tools(request: ChatRequest) -> dict[str, Any]:
    if not request.tools:
        return {}
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters) or {"type": "object", "properties": {}},
            },
        }
        for tool in request.tools
    ]
    choice: Any = request.tool_choice
    if choice not in ("auto", "none", "required"):
        choice = {"type": "function", "function": {"name": choice}}
    return {"tools": tools, "tool_choice": choice}
