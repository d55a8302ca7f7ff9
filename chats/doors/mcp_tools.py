"""The protocol behind /mcp, with the official SDK: companions are tools, a call is an answer.

A server is made for each request, of the caller it belongs to, and ends with it: nothing is shared
between two of them. What may be asked is what the key may ask on /v1; a call is kept, metered and
checked as one there.
"""

from __future__ import annotations

import logging
import time
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)

from byoc.contracts import TextDelta
from chats.answering import Answering
from chats.blocking import ANSWER, kept, sentence_of
from chats.doors.cited import Told, cited_by
from chats.doors.mcp import Caller
from chats.doors.sentences import sentence_for
from chats.doors.visitors import in_language, said_in
from chats.plans import RunPlan
from chats.services.addressing import models_for
from chats.services.exchanges import open_exchange
from chats.signals import process_owner
from chats.turns import Turn
from companions.models import Companion
from humana import __version__
from humana.kernel.errors import EndpointError, HumanaError, NotFound
from humana.kernel.http import Receive, Scope, Send
from tenants.threads import in_thread

log = logging.getLogger(__name__)

#: Who wants to be told of the progress is told the text that came, at most this often; seconds.
TELL_EVERY = 0.25
_ASKS: dict[str, Any] = {
    "type": "object",
    "properties": {"message": {"type": "string", "minLength": 1, "description": "What to ask or tell."}},
    "required": ["message"],
    "additionalProperties": False,
}
_ANSWERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "companion": {"type": "string"},
        "finish_reason": {"type": "string"},
        "chat_id": {"type": "string", "format": "uuid"},
        "run_id": {"type": "string", "format": "uuid"},
        "sources": {
            "type": "array",
            "description": "What the answer cites as [number], in order of their numbers.",
            "items": {"type": "object", "required": ["number", "kind", "id", "title", "place", "quote"]},
        },
    },
    "required": ["answer", "companion", "finish_reason", "chat_id", "run_id", "sources"],
}


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    """What a tool takes."""

    message: Annotated[str, msgspec.Meta(min_length=1)]


async def serve(caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
    """One request of this caller, to its end. A client that goes away stops the model."""
    tools = CompanionTools(caller)
    server: Server[Any] = Server(
        "humana", version=__version__, title="Humana", on_list_tools=tools.listed, on_call_tool=tools.called
    )
    server.middleware.clear()  # the door has its own span
    manager = StreamableHTTPSessionManager(
        server, stateless=True, max_request_body_size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


class CompanionTools:
    """The tools of one caller, for one request."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def listed(
        self, context: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        """Every companion that the key may ask now."""
        try:
            found = await in_thread(models_for, token=self._caller.token, seen_as=self._caller.seen_as)
        except HumanaError as error:
            raise MCPError(INVALID_PARAMS, self._words_of(error)) from None
        except Exception:
            log.exception("the tools of /mcp could not be listed")
            raise MCPError(INTERNAL_ERROR, self._our_fault()) from None
        return ListToolsResult(tools=[_tool(one) for one in found])

    async def called(
        self, context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        """The companion's answer; or a result that says why there is none, in the person's language."""
        message = _message(params)
        try:
            plan = await in_thread(self._opened, params.name, message)
            return await self._answered(context, plan)
        except NotFound:
            raise MCPError(INVALID_PARAMS, self._no_such_tool(params.name)) from None
        except HumanaError as error:
            return _failed(self._words_of(error))
        except Exception:
            log.exception("a call of /mcp failed on our side")
            return _failed(self._our_fault())

    def _opened(self, slug: str, message: str) -> RunPlan:
        ask = partial(
            open_exchange,
            token=self._caller.token,
            seen_as=self._caller.seen_as,
            model=slug,
            turns=[Turn("user", message)],
            owner=process_owner(),
            wishes={},
            door="mcp",
        )
        return in_language(self._caller.language, ask)

    async def _answered(self, context: ServerRequestContext[Any], plan: RunPlan) -> CallToolResult:
        answering, told = Answering(plan), _Progress(context)
        try:
            async with aclosing(answering.events()) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        await told.more(event.text)
        except EndpointError as error:
            return _failed(answering.outcome.whole_text, self._words_of(error))
        if answering.stopped_by_policy:
            return _failed(answering.outcome.whole_text, self._stopped(answering))
        return _done(plan, answering, await cited_by(plan, answering.outcome.whole_text))

    def _stopped(self, answering: Answering) -> str:
        provenance = kept(answering.findings)
        return in_language(self._caller.language, lambda: sentence_of(ANSWER, provenance))

    def _words_of(self, error: HumanaError) -> str:
        """A sentence for the person: of a model, ours and not what its server says."""
        of_model = isinstance(error, EndpointError)
        return said_in(
            self._caller.language, sentence_for("failed", error.code) if of_model else error.message
        )

    def _our_fault(self) -> str:
        return said_in(self._caller.language, sentence_for("failed", "error"))

    def _no_such_tool(self, name: str) -> str:
        message = in_language(self._caller.language, lambda: _("There is no tool “%(name)s” here."))
        return message % {"name": name[:80]}


class _Progress:
    """Tells a client that asked for it what was said, as it comes."""

    def __init__(self, context: ServerRequestContext[Any]) -> None:
        self._context = context
        self._characters = 0
        self._untold = ""
        self._told_at = 0.0

    async def more(self, text: str) -> None:
        self._characters += len(text)
        self._untold += text
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY:
            self._told_at, told, self._untold = now, self._untold, ""
            await self._context.session.report_progress(self._characters, message=told)


def _tool(companion: Companion) -> Tool:
    return Tool(
        name=companion.slug,
        title=companion.name,
        description=": ".join(filter(None, (companion.name, companion.purpose))),
        input_schema=_ASKS,
        output_schema=_ANSWERS,
    )


def _message(params: CallToolRequestParams) -> str:
    try:
        return msgspec.convert(params.arguments or {}, Arguments).message
    except msgspec.ValidationError as error:
        raise MCPError(INVALID_PARAMS, f"The arguments are not valid: {error}"[:300]) from None


def _done(plan: RunPlan, answering: Answering, cited: Told) -> CallToolResult:
    text = answering.outcome.whole_text
    told = {
        "answer": text,
        "companion": plan.companion_slug,
        "finish_reason": answering.outcome.reason,
        "chat_id": str(plan.chat_id),
        "run_id": str(plan.run_id),
        "sources": cited.told,
    }
    return CallToolResult(content=[TextContent(text=text)], structured_content=told)


def _failed(*texts: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=one) for one in texts if one.strip()], is_error=True)
