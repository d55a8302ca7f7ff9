"""The addresses of /v1, and what answers each."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from chats.doors.openai.chat import complete
from chats.doors.openai.embeddings import MODEL as EMBEDDINGS
from chats.doors.openai.embeddings import embed
from chats.doors.openai.errors import refuse
from chats.doors.openai.kept import forget, input_items, retrieve
from chats.doors.openai.responses import respond
from chats.services.addressing import models_for
from companions.models import Companion
from humana.kernel.errors import HumanaError, NotFound
from humana.kernel.http import Receive, Request, Scope, Send, send_json
from tenants.doors import bearer
from tenants.threads import in_thread


async def serve_openai(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI handler of /v1; every failure is answered in the protocol's own shape."""
    request = Request(scope, receive)
    try:
        await _route(request, send)
    except HumanaError as error:
        await refuse(send, request, error)


async def _route(request: Request, send: Send) -> None:
    token = bearer(request.header("authorization")) or ""
    path = request.path.rstrip("/")
    for route in ROUTES:
        named = route.path.fullmatch(path)
        if named and route.method == request.method:
            return await route.answer(request, send, token, **named.groupdict())
    raise NotFound(f"Unknown route: {request.method} {request.path[:120]}", code="unknown_url")


async def _models(request: Request, send: Send, token: str) -> None:
    companions = await in_thread(models_for, token=token, seen_as=request.actor())
    cards = [*map(_card, companions), _EMBEDDINGS]
    await send_json(send, request, 200, {"object": "list", "data": cards})


async def _one_model(request: Request, send: Send, token: str, slug: str) -> None:
    companions = await in_thread(models_for, token=token, seen_as=request.actor())
    found = next((_card(one) for one in companions if one.slug == slug), None)
    card = found or (_EMBEDDINGS if slug == EMBEDDINGS else None)
    if card is None:
        raise NotFound(f"The model '{slug[:80]}' does not exist.", code="model_not_found")
    await send_json(send, request, 200, card)


def _card(companion: Companion) -> dict[str, Any]:
    created = int(companion.created_at.timestamp())
    return {
        "id": companion.slug,
        "object": "model",
        "created": created,
        "owned_by": "humana",
        "name": companion.name,
    }


_EMBEDDINGS: dict[str, Any] = {"id": EMBEDDINGS, "object": "model", "created": 0, "owned_by": "humana"}


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
    Route("POST", re.compile(r"/v1/chat/completions"), complete),
    Route("POST", re.compile(r"/v1/responses"), respond),
    Route("GET", re.compile(r"/v1/responses/(?P<response>[^/]+)"), retrieve),
    Route("DELETE", re.compile(r"/v1/responses/(?P<response>[^/]+)"), forget),
    Route("GET", re.compile(r"/v1/responses/(?P<response>[^/]+)/input_items"), input_items),
    Route("POST", re.compile(r"/v1/embeddings"), embed),
    Route("GET", re.compile(r"/v1/models"), _models),
    Route("GET", re.compile(r"/v1/models/(?P<slug>.+)", re.DOTALL), _one_model),
)
