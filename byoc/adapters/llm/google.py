"""Google's Gemini.

The SDK gives no raw stream: its models make an object of every chunk. So the request is made by the
SDK's own client of HTTP (address, key, errors) and its server-sent events are read as everybody's are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from byoc.adapters.llm.base import SDKAdapter, given
from byoc.adapters.llm.bound import names_in
from byoc.adapters.llm.clients import GOOGLE_MODULES, Client, google_client
from byoc.adapters.llm.google_chunks import ContentDecoder
from byoc.adapters.llm.options import max_tokens_for
from byoc.adapters.llm.reader import Decoder
from byoc.contracts import ChatMessage, ChatRequest, ModelInfo, ToolCall

_CHOICES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


class Google(SDKAdapter):
    """One endpoint that speaks Gemini's protocol. Its `url` ends before the version (`api_version`)."""

    modules = GOOGLE_MODULES

    def _connect(self) -> Client:
        return google_client(self._spec, self._connecting, self._guard)

    def _ask(self, sdk: Any, request: ChatRequest, model: ModelInfo) -> Any:
        path = f"{path_of(model.name)}:streamGenerateContent?alt=sse"
        return raw_google(sdk, "post", path, self._body(request, model))

    def _list(self, sdk: Any) -> Any:
        return raw_google(sdk, "get", "models?pageSize=1000")

    def _retrieve(self, sdk: Any) -> Any:
        return raw_google(sdk, "get", path_of(self._spec.model))

    def _names(self, listed: bytes) -> list[str]:
        return names_in(listed)

    def _decoder(self) -> Decoder:
        return ContentDecoder(self._spec)

    def _body(self, request: ChatRequest, model: ModelInfo) -> dict[str, Any]:
        body: dict[str, Any] = {"contents": _contents(request.messages)}
        if system := [
            {"text": turn.text} for turn in request.messages if turn.role == "system" and turn.text
        ]:
            body["systemInstruction"] = {"parts": system}
        generation: dict[str, Any] = {}
        if (limit := max_tokens_for(request, self._spec, model)) is not None:
            generation["maxOutputTokens"] = limit
        if (temperature := self._options.temperature_for(request, model)) is not None:
            generation["temperature"] = temperature
        if generation:
            body["generationConfig"] = generation
        return body | _tools(request) | self._options.extra_body | dict(request.extra)


def path_of(model: str) -> str:
    """`models/<name>`, whichever way the name was given."""
    return f"models/{quote(model.removeprefix('models/'), safe='-._~')}"


@asynccontextmanager
async def raw_google(
    sdk: Any, method: str, path: str, body: dict[str, Any] | None = None
) -> AsyncIterator[Any]:
    """The HTTP response of the SDK's client, unread. Raises the SDK's errors for a refusal."""
    request = sdk._build_request(method, path, body or {})
    answer = await sdk._async_request(request, stream=True)
    response = answer.response_stream
    try:
        yield response
    finally:
        await response.aclose()


def _contents(messages: tuple[ChatMessage, ...]) -> list[dict[str, Any]]:
    """Results of tools are told by the person, by the name of the function; empty turns are refused."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    contents: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            if not results:
                contents.append({"role": "user", "parts": results})
            name = names.get(message.tool_call_id, message.tool_call_id)
            results.append({"functionResponse": {"name": name, "response": _response(message.text)}})
            continue
        results = []
        parts: list[dict[str, Any]] = [{"text": message.text}] if message.text else []
        parts += [_call(call) for call in message.tool_calls]
        if parts and message.role != "system":
            contents.append({"role": "model" if message.role == "assistant" else "user", "parts": parts})
    return contents


def _call(call: ToolCall) -> dict[str, Any]:
    part: dict[str, Any] = {"functionCall": {"name": call.name, "args": given(call.arguments)}}
    return part | ({"thoughtSignature": call.signature} if call.signature else {})


def _response(text: str) -> dict[str, Any]:
    """An object is wanted; what is none becomes the one field of one."""
    return given(text) or {"result": text}


def _tools(request: ChatRequest) -> dict[str, Any]:
    if not request.tools:
        return {}
    declared = [
        {"name": tool.name, "description": tool.description}
        | ({"parametersJsonSchema": dict(tool.parameters)} if tool.parameters else {})
        for tool in request.tools
    ]
    mode = _CHOICES.get(request.tool_choice)
    calling: dict[str, Any] = {"mode": mode or "ANY"}
    if mode is None:
        calling["allowedFunctionNames"] = [request.tool_choice]
    return {
        "tools": [{"functionDeclarations": declared}],
        "toolConfig": {"functionCallingConfig": calling},
    }
