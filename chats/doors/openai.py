"""/v1 in OpenAI's protocol: a companion is a model, ids and `model` are ours.

    GET  /v1/models, /v1/models/{id}
    POST /v1/chat/completions          stream and not

The request owns its run: when the client goes away, the model is stopped upstream.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from django.conf import settings

from byoc.contracts import End, TextDelta
from chats.answering import Answering
from chats.blocking import ANSWER, kept, sentence_of
from chats.doors.sentences import sentence_for
from chats.doors.visitors import in_language, said_in
from chats.plans import RunPlan
from chats.services.exchanges import Turn, models_for, open_exchange
from chats.signals import process_owner
from chats.watching import Said as Event
from companions.models import Companion
from humana.kernel.errors import EndpointError, HumanaError, Invalid, NotFound, Unauthenticated
from humana.kernel.http import (
    Receive,
    Request,
    Scope,
    Send,
    send_chunk,
    send_json,
    start_events,
    while_connected,
)
from tenants.doors import bearer
from tenants.threads import in_thread

Tokens = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]


class Part(msgspec.Struct):
    type: str
    text: str = ""


class Said(msgspec.Struct):
    role: str
    content: str | list[Part] | None = None


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class Ask(msgspec.Struct):
    """What we read of a request; what we do not know is passed over, as the protocol's servers do."""

    model: str
    messages: list[Said]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None


_ask = msgspec.json.Decoder(Ask)
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


async def serve_openai(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI handler of /v1; every failure is answered in the protocol's own shape."""
    request = Request(scope, receive)
    try:
        await _route(request, send)
    except HumanaError as error:
        await _refuse(send, request, error)


async def _route(request: Request, send: Send) -> None:
    token = bearer(request.header("authorization")) or ""
    path = request.path.rstrip("/")
    for route in ROUTES:
        named = route.path.fullmatch(path)
        if named and route.method == request.method:
            return await route.answer(request, send, token, **named.groupdict())
    raise NotFound(f"Unknown route: {request.method} {request.path[:120]}", code="unknown_url")


async def _models(request: Request, send: Send, token: str) -> None:
    cards = [_card(one) for one in await in_thread(models_for, token=token, seen_as=request.actor())]
    await send_json(send, request, 200, {"object": "list", "data": cards})


async def _one_model(request: Request, send: Send, token: str, slug: str) -> None:
    for companion in await in_thread(models_for, token=token, seen_as=request.actor()):
        if companion.slug == slug:
            await send_json(send, request, 200, _card(companion))
            return
    raise NotFound(f"The model '{slug[:80]}' does not exist.", code="model_not_found")


def _card(companion: Companion) -> dict[str, Any]:
    created = int(companion.created_at.timestamp())
    return {
        "id": companion.slug,
        "object": "model",
        "created": created,
        "owned_by": "humana",
        "name": companion.name,
    }


async def _complete(request: Request, send: Send, token: str) -> None:
    ask = _read(await request.body(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    plan = await in_thread(
        open_exchange,
        token=token,
        seen_as=request.actor(),
        model=ask.model,
        turns=_turns(ask),
        owner=process_owner(),
        wishes=_wishes(ask),
    )
    answering = Answering(plan)
    reply = _Reply(plan, request, send, ask)
    await while_connected(request, reply.stream(answering) if ask.stream else reply.whole(answering))


@dataclass(frozen=True, slots=True)
class Route:
    """One address of this door; `answer` is given what the path names."""

    method: str
    path: re.Pattern[str]
    answer: Callable[..., Awaitable[None]]

    def __str__(self) -> str:
        return f"{self.method} {self.path.pattern}"


#: Everything that is answered here; the isolation matrix asks each from another organization.
ROUTES = (
    Route("POST", re.compile(r"/v1/chat/completions"), _complete),
    Route("GET", re.compile(r"/v1/models"), _models),
    Route("GET", re.compile(r"/v1/models/(?P<slug>.+)", re.DOTALL), _one_model),
)


def _read(body: bytes) -> Ask:
    try:
        ask = _ask.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(f"The request is not valid: {error}"[:300], code="invalid_request") from None
    if len(ask.messages) > 1000:
        raise Invalid("Too many messages.", field="messages", code="too_many_messages")
    return ask


def _turns(ask: Ask) -> list[Turn]:
    turns = []
    for index, said in enumerate(ask.messages):
        role = _ROLES.get(said.role)
        if role is None:
            raise Invalid(f"Role '{said.role[:40]}' is not supported.", field=f"messages[{index}].role")
        turns.append(Turn(role, _text(said.content, index)))
    return turns


def _text(content: str | list[Part] | None, index: int) -> str:
    if isinstance(content, list):
        if any(part.type != "text" for part in content):
            raise Invalid(
                "Only text is supported.", field=f"messages[{index}].content", code="unsupported_content"
            )
        return "\n".join(part.text for part in content)
    return content or ""


def _wishes(ask: Ask) -> dict[str, Any]:
    return {"max_tokens": ask.max_completion_tokens or ask.max_tokens, "temperature": ask.temperature}


class _Reply:
    """Writes one answer in the protocol's shapes."""

    def __init__(self, plan: RunPlan, request: Request, send: Send, ask: Ask) -> None:
        self._plan, self._request, self._send, self._ask = plan, request, send, ask
        self._id = f"chatcmpl-{plan.run_id.hex}"
        self._created = int(time.time())
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
                await self._say(first, answering)
                async for event in events:
                    await self._say(event, answering)
            except EndpointError as error:
                body = _error_body(error, self._request)
                await send_chunk(self._send, b"data: " + msgspec.json.encode(body) + b"\n\n")
        await self._finish(answering)

    async def _say(self, event: Event | None, answering: Answering) -> None:
        if isinstance(event, TextDelta):
            text = msgspec.json.encode(event.text)
            await send_chunk(
                self._send, self._head + b'{"content":' + text + b'},"finish_reason":null}]}\n\n'
            )
        elif isinstance(event, End):
            if refusal := self._refusal(answering):
                await self._chunk({"refusal": refusal})
            await self._chunk({}, event.reason)

    async def _chunk(self, delta: dict[str, str], reason: str | None = None) -> None:
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
            async for _event in events:
                pass
        refusal = self._refusal(answering)
        message = {"role": "assistant", "content": answering.outcome.whole_text, "refusal": refusal}
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
        if isinstance(event, TextDelta | End):
            return event
    return None


def _usage(answering: Answering) -> dict[str, int] | None:
    given, made = answering.outcome.input_tokens, answering.outcome.output_tokens
    if given is None or made is None:
        return None
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def _error_body(error: HumanaError, request: Request) -> dict[str, Any]:
    status = error.status
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    message = (
        said_in("en", sentence_for("failed", error.code)) if isinstance(error, EndpointError) else str(error)
    )
    return {
        "error": {
            "message": message,
            "type": kind,
            "param": error.field,
            "code": error.code,
            "id": request.id,
        }
    }


async def _refuse(send: Send, request: Request, error: HumanaError) -> None:
    status = 400 if isinstance(error, Invalid) else error.status
    headers = {"www-authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    retry_after = getattr(error, "retry_after", None)
    if isinstance(error, EndpointError):
        status = 429 if error.code == "rate_limited" else 503 if not error.permanent else 502
    if retry_after:
        headers["retry-after"] = str(int(retry_after))
    # The SDK's own retries would ask a model again that we have already retried.
    if status >= 500:
        headers["x-should-retry"] = "false"
    await send_json(send, request, status, _error_body(error, request), headers)
