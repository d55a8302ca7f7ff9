"""The few words of ASGI that the asynchronous doors need, without a framework between."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import msgspec

from humana.kernel.actor import Actor
from humana.kernel.errors import Invalid

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_COMMON = [
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_SSE = [
    *_COMMON,
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]


class Request:
    """One HTTP request: headers by lower-case name, query, cookies, body with a limit."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
        self.query = parse_qs(scope.get("query_string", b"").decode("latin1"))
        self.id = uuid.uuid4().hex
        self._client = scope.get("client")
        self._receive = receive

    def header(self, name: str) -> str:
        return str(self.headers.get(name, ""))

    def cookie(self, name: str) -> str:
        try:
            found = SimpleCookie(self.header("cookie")).get(name)
        except CookieError:
            return ""
        return str(found.value) if found else ""

    def actor(self) -> Actor:
        address = self._client[0] if self._client else ""
        return Actor(
            kind="visitor",
            label="",
            address=address,
            agent=self.header("user-agent")[:256],
            request_id=self.id,
        )

    async def body(self, limit: int) -> bytes:
        """The whole body, or Invalid past `limit` bytes."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise Invalid("The request is too large.", code="too_large")
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def gone(self) -> None:
        """Returns when the client has gone away. Only after the body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def send_json(
    send: Send, request: Request, status: int, body: object, headers: Mapping[str, str] | None = None
) -> None:
    """One JSON answer, whole."""
    encoded = msgspec.json.encode(body)
    extra = [(name.encode("latin1"), value.encode("latin1")) for name, value in (headers or {}).items()]
    told = [
        *_COMMON,
        (b"content-type", b"application/json"),
        (b"content-length", str(len(encoded)).encode()),
        (b"x-request-id", request.id.encode()),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": encoded})


async def start_events(send: Send, request: Request) -> None:
    """Open a stream of server-sent events."""
    headers = [*_SSE, (b"x-request-id", request.id.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def send_chunk(send: Send, chunk: bytes, *, last: bool = False) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": not last})


def event(name: str, data: object, cursor: str = "") -> bytes:
    """One server-sent event; JSON has no line ends, so one data line is enough."""
    head = f"id: {cursor}\n" if cursor else ""
    return f"{head}event: {name}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


async def while_connected(request: Request, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` to its end, or cancel it as soon as the client goes away. The body was read before."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(request.gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(leaving)
        await ended(working)
    if not working.cancelled():
        working.result()


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancel the task until it is over: one cancellation can be lost to what arrives just then."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.5)
