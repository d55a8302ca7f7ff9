"""One process, two doors.

    event streams, /v1, /mcp  pure asyncio: open for long, cheap, never the ORM while open
    everything else           Django's WSGI handler on a few reused threads; /v1/files, too

Reused threads keep their database and cache connections; stock ASGI would start two threads for
each request. The runner of this process lives and dies with it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.dev")
django = get_wsgi_application()  # sets Django up; what follows may then be imported

from a2wsgi import WSGIMiddleware
from django.conf import settings
from opentelemetry import trace

from byoc import gateway
from byoc.telemetry import exporter
from chats.doors.events import API, PAGE, serve_events
from chats.doors.mcp import serve_mcp
from chats.doors.openai import serve_openai
from chats.runner import Runner
from humana.checks import refuse_unsafe_start
from humana.failures import describe, envelope
from humana.kernel.errors import HumanaError, Misconfigured
from humana.kernel.http import Receive, Request, Scope, Send, send_json

log = logging.getLogger(__name__)
tracer = trace.get_tracer(__name__)
#: Paths of the second door and who answers there, the first that fits; everything else is a page.
DOORS: tuple[tuple[re.Pattern[str], Callable[[Scope, Receive, Send], Awaitable[None]]], ...] = (
    (re.compile(r"^/v1/(?!files(?:/|$))"), serve_openai),
    (re.compile(r"^/mcp/?$"), serve_mcp),
    (API, serve_events),
    (PAGE, serve_events),
)
_pages = WSGIMiddleware(cast("Any", django), workers=settings.HUMANA_WEB_THREADS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1000})
    else:
        serve = next((serve for path, serve in DOORS if path.match(scope["path"])), None)
        if serve is None:
            await _pages(scope, receive, send)  # type: ignore[arg-type]
        else:
            await _answer(serve, scope, receive, send)


async def _answer(serve: object, scope: Scope, receive: Receive, send: Send) -> None:
    """Failures before the first byte become the JSON envelope; later ones end the stream."""
    started = False

    async def watched(message: object) -> None:
        nonlocal started
        started = True
        await send(message)  # type: ignore[arg-type]

    try:
        with tracer.start_as_current_span(serve.__name__):  # type: ignore[attr-defined]
            await serve(scope, receive, watched)  # type: ignore[operator]
    except Exception as error:
        if not isinstance(error, HumanaError) or error.status >= 500:
            log.exception("asynchronous door failed")
        if started:
            raise
        request = Request(scope, receive)
        status, code, message, field = describe(error)
        await send_json(send, request, status, envelope(request.id, code, message, field))


async def _live(receive: Receive, send: Send) -> None:
    """Start the runner with the server and stop it before the server goes."""
    runner = Runner()
    await receive()
    try:
        for warning in await asyncio.to_thread(refuse_unsafe_start):
            log.warning(warning)
        await runner.start()
    except Misconfigured as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    warming = asyncio.create_task(_warm())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    warming.cancel()
    await runner.stop()
    await gateway.close()
    await asyncio.to_thread(exporter.stop)
    await send({"type": "lifespan.shutdown.complete"})


async def _warm() -> None:
    """Everything is loaded after this, and stays: going through it again for garbage would stop us
    for a tenth of a second each time.
    """
    try:
        await gateway.warm()
    finally:
        gc.collect()
        gc.freeze()
