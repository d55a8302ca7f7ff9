"""/mcp: companions as tools, for programs that speak the Model Context Protocol.

    POST /mcp       streamable HTTP, without sessions: each request carries its key and stands alone

This is the door: where a request comes from and whose key it brings are judged here, before anything of
the protocol is read. `mcp_tools` speaks the protocol, with the official SDK.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext as _

from chats.permissions import WRITE
from humana.kernel.actor import Actor
from humana.kernel.errors import HumanaError, NotAllowed, Unauthenticated
from humana.kernel.http import Receive, Request, Scope, Send, send_json
from tenants.context import use_tenant
from tenants.doors import bearer, by_key, require_of
from tenants.threads import in_thread

#: JSON-RPC's number for a request that is refused before it is read.
_REFUSED = -32600


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request this is. The key is judged anew by each service: what it was told is not kept."""

    token: str
    seen_as: Actor
    language: str


async def serve_mcp(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI handler of /mcp; whoever is not let in reads why as a JSON-RPC error."""
    request = Request(scope, receive)
    try:
        _judge_source(request)
        if request.method != "POST":
            await _only_post(send, request)
            return
        caller = await in_thread(
            _caller, token=bearer(request.header("authorization")) or "", seen_as=request.actor()
        )
    except HumanaError as error:
        await _refuse(send, request, error)
        return
    protocol = await asyncio.to_thread(import_module, "chats.doors.mcp_tools")  # half a second, once
    await protocol.serve(caller, scope, receive, send)


def _judge_source(request: Request) -> None:
    """A page of another site cannot speak in the name of this one, whatever a resolver tells the browser."""
    host = request.header("host")
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise NotAllowed(_("This address is not one of Humana's."), code="unknown_host")
    origin = request.header("origin")
    if origin and urlsplit(origin).netloc != host and origin not in settings.CSRF_TRUSTED_ORIGINS:
        raise NotAllowed(_("Pages of other sites may not ask here."), code="unknown_origin")


def _caller(*, token: str, seen_as: Actor) -> Caller:
    """Raises Unauthenticated or NotAllowed, as /v1 does, for a key that opens nothing here."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context):
        require_of(visitor, WRITE.name)
    return Caller(token, seen_as, visitor.member.user.language or settings.LANGUAGE_CODE)


async def _only_post(send: Send, request: Request) -> None:
    """There are no sessions, so there is nothing to listen to and nothing to end."""
    body = _error(_("Send requests by POST."), "method_not_allowed")
    await send_json(send, request, 405, body, {"allow": "POST"})


async def _refuse(send: Send, request: Request, error: HumanaError) -> None:
    headers = {"www-authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    if retry_after := getattr(error, "retry_after", None):
        headers["retry-after"] = str(int(retry_after))
    await send_json(send, request, error.status, _error(str(error), error.code), headers)


def _error(message: str, code: str) -> dict[str, Any]:
    error = {"code": _REFUSED, "message": message, "data": {"code": code}}
    return {"jsonrpc": "2.0", "id": None, "error": error}
