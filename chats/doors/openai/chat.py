"""POST /v1/chat/completions: an answer whole or in chunks, with the client's own tools passed through."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
from django.conf import settings

from byoc.contracts import End, TextDelta, ToolCall, ToolSpec
from chats.answering import Answering
from chats.blocking import ANSWER, kept, sentence_of
from chats.doors.cited import cited_by
from chats.doors.openai import asking
from chats.doors.openai.errors import error_body
from chats.doors.visitors import in_language
from chats.plans import RunPlan
from chats.services.exchanges import open_exchange
from chats.signals import process_owner
from chats.turns import Offer, Turn
from chats.watching import Said as Event
from humana.kernel.errors import EndpointError, Invalid
from humana.kernel.http import Request, Send, send_chunk, send_json, start_events, while_connected
from tenants.threads import in_thread


class FileRef(msgspec.Struct):
    file_id: str | None = None


class Part(msgspec.Struct):
    """Text, or a file that /v1/files has kept."""

    type: str
    text: str = ""
    file: FileRef | None = None


class Function(msgspec.Struct):
    """A tool as it is offered, and as it is chosen: then only by its name."""

    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None


class Tool(msgspec.Struct):
    function: Function
    type: str = "function"


class CalledFunction(msgspec.Struct):
    name: str
    arguments: str = ""


class Called(msgspec.Struct):
    """`extra_content` carries what a provider wants back with its call; clients keep it as it came."""

    id: str
    function: CalledFunction
    type: str = "function"
    extra_content: dict[str, dict[str, str]] | None = None


class Said(msgspec.Struct):
    role: str
    content: str | list[Part] | None = None
    tool_calls: list[Called] | None = None
    tool_call_id: str = ""


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class Ask(msgspec.Struct):
    """What we read of a request; what we do not know is passed over, as the protocol's servers do."""

    model: str
    messages: list[Said]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: asking.Tokens | None = None
    max_completion_tokens: asking.Tokens | None = None
    temperature: asking.Warmth | None = None
    tools: list[Tool] | None = None
    tool_choice: str | Tool | None = None
    parallel_tool_calls: bool | None = None


_ask = msgspec.json.Decoder(Ask)
_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


async def complete(request: Request, send: Send, token: str) -> None:
    ask: Ask = asking.decoded(_ask, await request.body(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    turns = _turns(ask.messages)
    await asking.until_read(turns, token=token, seen_as=request.actor(), model=ask.model)
    plan = await in_thread(
        open_exchange,
        token=token,
        seen_as=request.actor(),
        model=ask.model,
        turns=turns,
        owner=process_owner(),
        wishes=_wishes(ask),
        offer=_offer(ask),
    )
    answering = Answering(plan)
    reply = _Reply(plan, request, send, ask)
    await while_connected(request, reply.stream(answering) if ask.stream else reply.whole(answering))


def _turns(messages: Sequence[Said]) -> list[Turn]:
    if len(messages) > asking.MOST_MESSAGES:
        raise Invalid("Too many messages.", field="messages", code="too_many_messages")
    return [_turn(said, f"messages[{index}]") for index, said in enumerate(messages)]


def _turn(said: Said, where: str) -> Turn:
    role = _ROLES.get(said.role)
    if role is None:
        raise Invalid(f"Role '{said.role[:40]}' is not supported.", field=f"{where}.role")
    calls = tuple(_call(one, f"{where}.tool_calls") for one in said.tool_calls or ())
    if calls and role != "assistant":
        raise Invalid("Only an assistant calls tools.", field=f"{where}.tool_calls")
    call_id = said.tool_call_id if role == "tool" else ""
    documents = asking.documents_named(_file_ids(said.content), role, f"{where}.content")
    return Turn(role, _text(said.content, where), calls, call_id, documents)


def _file_ids(content: str | list[Part] | None) -> list[str]:
    parts = [part for part in content if part.type == "file"] if isinstance(content, list) else []
    return [part.file.file_id or "" if part.file else "" for part in parts]


def _call(one: Called, where: str) -> ToolCall:
    signature = (one.extra_content or {}).get("google", {}).get("thought_signature", "")
    return asking.call(one.id, one.function.name, one.function.arguments, where, signature)


def _text(content: str | list[Part] | None, where: str) -> str:
    if isinstance(content, list):
        if any(part.type not in {"text", "file"} for part in content):
            message = "Only text and files are supported."
            raise Invalid(message, field=f"{where}.content", code="unsupported_content")
        return "\n".join(part.text for part in content if part.type == "text")
    return content or ""


def _wishes(ask: Ask) -> dict[str, Any]:
    return {"max_tokens": ask.max_completion_tokens or ask.max_tokens, "temperature": ask.temperature}


def _offer(ask: Ask) -> Offer:
    tools = asking.check_tools([_tool(one, f"tools[{index}]") for index, one in enumerate(ask.tools or ())])
    chosen = ask.tool_choice.function.name if isinstance(ask.tool_choice, Tool) else ask.tool_choice
    choice = asking.check_choice(chosen, tools) if chosen else "auto"
    return Offer(tools, choice, 1 if ask.parallel_tool_calls is False else None)


def _tool(one: Tool, where: str) -> ToolSpec:
    if one.type != "function":
        raise Invalid("Only functions are supported.", field=f"{where}.type", code="unsupported_tool")
    return asking.tool_spec(
        one.function.name, one.function.description, one.function.parameters, f"{where}.function"
    )


class _Reply:
    """Writes one answer in the protocol's shapes."""

    def __init__(self, plan: RunPlan, request: Request, send: Send, ask: Ask) -> None:
        self._plan, self._request, self._send, self._ask = plan, request, send, ask
        self._id = f"chatcmpl-{plan.run_id.hex}"
        self._created = int(time.time())
        self._called = 0
        self._end: End | None = None
        head = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": ask.model,
        }
        # Every chunk begins alike: encoded once, without its closing brace.
        self._head = b"data: " + msgspec.json.encode(head)[:-1] + b',"choices":[{"index":0,"delta":'

    async def stream(self, answering: Answering) -> None:
        """Chunks as they come. A failure before the first is an HTTP error, later an error event."""
        async with aclosing(answering.events()) as events:
            first = await _first(events)
            await start_events(self._send, self._request)
            await self._chunk({"role": "assistant", "content": ""})
            try:
                await self._say(first)
                async for event in events:
                    await self._say(event)
                await self._over(answering)
            except EndpointError as error:
                body = error_body(error, self._request)
                await send_chunk(self._send, b"data: " + msgspec.json.encode(body) + b"\n\n")
        await self._finish(answering)

    async def _say(self, event: Event | None) -> None:
        if isinstance(event, TextDelta):
            text = msgspec.json.encode(event.text)
            await send_chunk(
                self._send, self._head + b'{"content":' + text + b'},"finish_reason":null}]}\n\n'
            )
        elif isinstance(event, ToolCall):
            await self._chunk({"tool_calls": [{"index": self._called, **_called(event)}]})
            self._called += 1
        elif isinstance(event, End):
            self._end = event  # told once it is known what the answer cites

    async def _over(self, answering: Answering) -> None:
        if self._end is None:
            return
        if refusal := self._refusal(answering):
            await self._chunk({"refusal": refusal})
        if sources := await self._sources(answering):
            await self._chunk({"sources": sources})
        await self._chunk({}, self._end.reason)

    async def _sources(self, answering: Answering) -> list[dict[str, Any]]:
        return (await cited_by(self._plan, answering.outcome.whole_text)).told

    async def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> None:
        tail = b',"finish_reason":' + msgspec.json.encode(reason) + b"}]}\n\n"
        await send_chunk(self._send, self._head + msgspec.json.encode(delta) + tail)

    async def _finish(self, answering: Answering) -> None:
        if self._ask.stream_options is not None and self._ask.stream_options.include_usage:
            body = {
                "id": self._id,
                "object": "chat.completion.chunk",
                "created": self._created,
                "model": self._ask.model,
                "choices": [],
                "usage": _usage(answering),
            }
            await send_chunk(self._send, b"data: " + msgspec.json.encode(body) + b"\n\n")
        await send_chunk(self._send, b"data: [DONE]\n\n", last=True)

    def _refusal(self, answering: Answering) -> str | None:
        """Why a policy stopped the answer, in the person's language."""
        if not answering.stopped_by_policy:
            return None
        provenance = kept(answering.findings)
        return in_language(self._plan.language or "en", lambda: sentence_of(ANSWER, provenance))

    async def whole(self, answering: Answering) -> None:
        async with aclosing(answering.events()) as events:
            calls = [_called(event) async for event in events if isinstance(event, ToolCall)]
        refusal = self._refusal(answering)
        text = answering.outcome.whole_text
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": refusal}
        if calls:
            message |= {"content": text or None, "tool_calls": calls}
        if sources := await self._sources(answering):
            message["sources"] = sources
        choice = {"index": 0, "message": message, "finish_reason": answering.outcome.reason, "logprobs": None}
        body = {
            "id": self._id,
            "object": "chat.completion",
            "created": self._created,
            "model": self._ask.model,
            "choices": [choice],
            "usage": _usage(answering),
        }
        await send_json(self._send, self._request, 200, body)


async def _first(events: AsyncGenerator[Event, None]) -> Event | None:
    """The first event that shows something: until then a failure can still be an HTTP status."""
    async for event in events:
        if isinstance(event, TextDelta | ToolCall | End):
            return event
    return None


def _usage(answering: Answering) -> dict[str, int] | None:
    given, made = answering.outcome.input_tokens, answering.outcome.output_tokens
    if given is None or made is None:
        return None
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


def _called(call: ToolCall) -> dict[str, Any]:
    told: dict[str, Any] = {"id": call.id, "type": "function"}
    told["function"] = {"name": call.name, "arguments": call.arguments}
    if call.signature:
        told["extra_content"] = {"google": {"thought_signature": call.signature}}
    return told
