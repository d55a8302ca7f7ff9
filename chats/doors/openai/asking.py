"""What all ways of asking have in common: the client's tools and files, and what each of them said."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from byoc.contracts import ToolCall, ToolSpec
from chats.services.addressing import seconds_to_wait
from chats.turns import Turn, brought, questions
from humana.kernel.errors import Invalid
from tenants.threads import in_thread

Tokens = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
Warmth = Annotated[float, msgspec.Meta(ge=0, le=2)]

#: Messages of one conversation, tools of one request, characters of all that is said of the tools.
MOST_MESSAGES, MOST_TOOLS, LONGEST_TOOLS = 1000, 128, 200_000
#: Characters of a call's id, and of what a tool is called.
LONGEST_ID = 128
#: Seconds between two looks at a file that is being read.
LOOK_AGAIN = 1.0
#: As /v1/files gives it.
_FILE_ID = re.compile(r"file-([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
#: What a choice of tools may say without naming one.
CHOICES = frozenset({"none", "auto", "required"})


def documents_named(ids: Sequence[str], role: str, where: str) -> tuple[uuid.UUID, ...]:
    """The documents behind ids of /v1/files. Invalid for what is none, as a file sent along has none, and
    where anybody but the user sends them.
    """
    if ids and role != "user":
        raise Invalid("Only a user sends files.", field=where, code="unsupported_content")
    found = [_FILE_ID.fullmatch(one) for one in ids]
    if None in found:
        message = "Send the file to /v1/files first, and name it here by its id, as file_id."
        raise Invalid(message, field=where, code="unsupported_content")
    return tuple(uuid.UUID(one[1]) for one in found if one)


async def until_read(turns: Sequence[Turn], **who: Any) -> None:
    """The answer waits for files that came with the question; no connection is held meanwhile."""
    ids, began = brought(questions(turns)[-1:]), time.monotonic()
    while ids and time.monotonic() - began < await in_thread(seconds_to_wait, document_ids=ids, **who):
        await asyncio.sleep(LOOK_AGAIN)


def tool_spec(name: str, description: str, parameters: Mapping[str, Any] | None, where: str) -> ToolSpec:
    """A tool of the client's. Invalid for a name that no service takes."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            "A tool's name is 1 to 64 letters, digits, underscores and hyphens.",
            field=f"{where}.name",
            code="invalid_tool",
        )
    return ToolSpec(name, description, dict(parameters) if parameters else {"type": "object"})


def check_tools(tools: Sequence[ToolSpec]) -> tuple[ToolSpec, ...]:
    """All of them, or Invalid where there are too many, or two of one name."""
    if len(tools) > MOST_TOOLS:
        raise Invalid(f"At most {MOST_TOOLS} tools.", field="tools", code="too_many_tools")
    if len({one.name for one in tools}) < len(tools):
        raise Invalid("Two tools have the same name.", field="tools", code="invalid_tool")
    said = sum(len(one.description) + len(msgspec.json.encode(one.parameters)) for one in tools)
    if said > LONGEST_TOOLS:
        message = f"What is said of the tools is too long: at most {LONGEST_TOOLS} characters."
        raise Invalid(message, field="tools", code="too_long")
    return tuple(tools)


def check_choice(choice: str, tools: Sequence[ToolSpec]) -> str:
    """The choice, or Invalid for a tool that is not there."""
    if choice in CHOICES or choice in {one.name for one in tools}:
        return choice
    raise Invalid(
        f"tool_choice names no tool of this request: '{choice[:80]}'.",
        field="tool_choice",
        code="invalid_tool",
    )


def call(call_id: str, name: str, arguments: str, where: str, signature: str = "") -> ToolCall:
    """A call that the client says was made."""
    if not call_id or len(call_id) > LONGEST_ID or not _NAME.fullmatch(name):
        message = "A call has an id, and the name of a tool."
        raise Invalid(message, field=where, code="invalid_tool_message")
    return ToolCall(call_id, name, arguments or "{}", signature[:20_000])


def decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """The request, or Invalid with what is wrong with it."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(f"The request is not valid: {error}"[:300], code="invalid_request") from None
