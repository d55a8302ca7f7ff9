"""POST /v1/responses: the same answers in the newer protocol; a client sends the whole conversation.

Or it names the response that it goes on from (`previous_response_id`), and sends only what is new.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.conf import settings

from byoc.contracts import ToolSpec
from chats.answering import Answering
from chats.doors.openai import asking
from chats.doors.openai.answered import Answered
from chats.doors.openai.kept import run_named
from chats.services.exchanges import Thread, open_exchange
from chats.signals import process_owner
from chats.turns import Offer, Turn
from humana.kernel.errors import Invalid
from humana.kernel.http import Request, Send, while_connected
from tenants.threads import in_thread


class Part(msgspec.Struct):
    """Text, or a file that /v1/files has kept."""

    type: str
    text: str = ""
    file_id: str | None = None


class Item(msgspec.Struct):
    """A message, a call, or what came of a call."""

    type: str = "message"
    role: str = ""
    content: str | list[Part] | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[Part] | None = None


class Tool(msgspec.Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Chosen(msgspec.Struct):
    type: str
    name: str = ""


class Ask(msgspec.Struct):
    """What we read of a request; what we do not know is passed over."""

    model: str
    input: str | list[Item]
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: asking.Tokens | None = None
    temperature: asking.Warmth | None = None
    tools: list[Tool] | None = None
    tool_choice: str | Chosen | None = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    conversation: msgspec.Raw | None = None
    background: bool | None = None


_ask = msgspec.json.Decoder(Ask)
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}
_TEXT = {"input_text", "output_text", "text"}


async def respond(request: Request, send: Send, token: str) -> None:
    ask: Ask = asking.decoded(_ask, await request.body(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    _refuse_kept(ask)
    offer, turns, echo = _offer(ask), _turns(ask), _echo(ask)
    await asking.until_read(turns, token=token, seen_as=request.actor(), model=ask.model)
    plan = await in_thread(
        open_exchange,
        token=token,
        seen_as=request.actor(),
        model=ask.model,
        turns=turns,
        owner=process_owner(),
        wishes={"max_tokens": ask.max_output_tokens, "temperature": ask.temperature},
        offer=offer,
        thread=_thread(ask, echo),
    )
    answered = Answered(plan, request, send, echo)
    answering = Answering(plan)
    await while_connected(request, answered.stream(answering) if ask.stream else answered.whole(answering))


def _refuse_kept(ask: Ask) -> None:
    """What would need more of us than a response that is gone on from."""
    if ask.conversation:
        message = "conversation is not supported: name the response to go on from as previous_response_id."
        raise Invalid(message, field="conversation", code="unsupported")
    if ask.background:
        message = "background is not supported: ask for a stream, and read it to its end."
        raise Invalid(message, field="background", code="unsupported")


def _thread(ask: Ask, echo: dict[str, Any]) -> Thread:
    """`instructions` hold for one response: those of an earlier one are not told again."""
    named = ask.previous_response_id
    return Thread(
        continues=named is not None,
        after=run_named(named or ""),
        start=[Turn("system", ask.instructions)] if ask.instructions else [],
        echo=echo if echo["store"] else None,
        field="input",
    )


def _echo(ask: Ask) -> dict[str, Any]:
    """What the protocol has the answer repeat of the question."""
    return {
        "created_at": int(time.time()),
        "model": ask.model,
        "previous_response_id": ask.previous_response_id,
        "store": ask.store is not False,
        "instructions": ask.instructions,
        "temperature": ask.temperature,
        "max_output_tokens": ask.max_output_tokens,
        "parallel_tool_calls": ask.parallel_tool_calls is not False,
        "tool_choice": msgspec.to_builtins(ask.tool_choice) if ask.tool_choice else "auto",
        "tools": msgspec.to_builtins(ask.tools or []),
    }


def _turns(ask: Ask) -> list[Turn]:
    items = [Item(role="user", content=ask.input)] if isinstance(ask.input, str) else ask.input
    if len(items) > asking.MOST_MESSAGES:
        raise Invalid("Too many messages.", field="input", code="too_many_messages")
    return _together(_turn(one, f"input[{index}]") for index, one in enumerate(items))


def _turn(one: Item, where: str) -> Turn | None:
    if one.type == "function_call":
        return Turn("assistant", "", (asking.call(one.call_id, one.name, one.arguments, where),))
    if one.type == "function_call_output":
        return Turn("tool", _text(one.output, f"{where}.output"), call_id=one.call_id)
    if one.type == "reasoning":  # a model's own notes, which clients send along
        return None
    role = _ROLES.get(one.role)
    if one.type != "message" or role is None:
        told = one.role if one.type == "message" else one.type
        raise Invalid(f"'{told[:40]}' is not supported.", field=where, code="unsupported_input")
    documents = asking.documents_named(_file_ids(one.content), role, f"{where}.content")
    return Turn(role, _text(one.content, f"{where}.content"), documents=documents)


def _file_ids(content: str | Sequence[Part] | None) -> list[str]:
    parts = content if isinstance(content, Sequence) and not isinstance(content, str) else ()
    return [part.file_id or "" for part in parts if part.type == "input_file"]


def _together(turns: Iterable[Turn | None]) -> list[Turn]:
    """Calls belong to the message of the assistant that they follow."""
    found: list[Turn] = []
    for one in turns:
        if one is not None and one.calls and found and found[-1].role == "assistant":
            found[-1] = Turn("assistant", found[-1].text, (*found[-1].calls, *one.calls))
        elif one is not None:
            found.append(one)
    return found


def _text(content: str | Sequence[Part] | None, where: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if any(part.type not in {*_TEXT, "input_file"} for part in content):
        raise Invalid("Only text and files are supported.", field=where, code="unsupported_content")
    return "\n".join(part.text for part in content if part.type in _TEXT)


def _offer(ask: Ask) -> Offer:
    tools = asking.check_tools([_tool(one, f"tools[{index}]") for index, one in enumerate(ask.tools or ())])
    chosen = ask.tool_choice.name if isinstance(ask.tool_choice, Chosen) else ask.tool_choice
    choice = asking.check_choice(chosen, tools) if chosen else "auto"
    return Offer(tools, choice, 1 if ask.parallel_tool_calls is False else None)


def _tool(one: Tool, where: str) -> ToolSpec:
    if one.type != "function":
        raise Invalid("Only functions are supported.", field=f"{where}.type", code="unsupported_tool")
    return asking.tool_spec(one.name, one.description or "", one.parameters, where)
