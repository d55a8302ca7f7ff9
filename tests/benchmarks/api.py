"""`make bench-api`: what a list, a key and telemetry cost in the server's CPU, each beside its alternative.

Three servers of one worker each, the same but for telemetry: off, on with a collector that takes all of
it, on with nobody to hear it. 16 connections; the variants are asked in turn, figures are medians of the
rounds. CPU is user and system time of the server's process; PostgreSQL's own is not in it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import uvloop

from tests.benchmarks.stage import Process, staged, uvicorn, verdict

ROUNDS = int(os.environ.get("ROUNDS", "5"))
REQUESTS = int(os.environ.get("REQUESTS", "640"))
CONNECTIONS = 16
CHATS = 200
#: Seconds until the server that began last has loaded and frozen what the others have; asked before, it
#: cost a fifth more than the same server begun first.
SETTLED = 5


def main() -> int:
    with staged() as services, _collector() as url:
        key = _organization()
        app, servers = "tests.benchmarks.alternatives:application", []
        environments = {
            "ours": {"HUMANA_TELEMETRY": "0"},
            "sent": {"HUMANA_TELEMETRY": "1", "HUMANA_OTLP_URL": url},
            "unheard": {"HUMANA_TELEMETRY": "1", "HUMANA_OTLP_URL": ""},
        }
        try:
            servers = [uvicorn(app, services, name, **said) for name, said in environments.items()]
            time.sleep(SETTLED)
            return _measure(*servers, key=key)
        finally:
            for server in servers:
                server.stop()


@contextmanager
def _collector() -> Iterator[str]:
    """Takes whatever is sent to it, here in the process of who asks."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _organization() -> str:
    """One person with some hundred chats; their key."""
    from django.utils import timezone

    from chats.models import Chat
    from tenants.context import use_tenant
    from tests.fixtures.organizations import build_world

    world = build_world("bench")
    with use_tenant(world.context):
        Chat.objects.bulk_create(
            Chat(
                owner_id=world.twin.user_id,
                companion=world.companion,
                folder=world.folder if number % 3 == 0 else None,
                title=f"Chat {number}",
                last_message_at=timezone.now(),
            )
            for number in range(CHATS)
        )
    return world.key


def _measure(ours: Process, sent: Process, unheard: Process, *, key: str) -> int:
    chats = "/api/v1/chats/?limit=20"
    ways = {
        "list of 20 chats, ours": (ours, chats, key),
        "list of 20 chats, nested ModelSerializer": (ours, "/api/v1/nested/", key),
        "plain view with a key": (ours, "/api/v1/plain/", key),
        "plain view without": (ours, "/health/plain/", ""),
        "list of 20 chats, telemetry sent": (sent, chats, key),
        "list of 20 chats, telemetry unheard": (unheard, chats, key),
    }
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():  # warm: imports, pools, compiled queries
        _cost(*way, 64)
    for _round in range(ROUNDS):
        for name, way in ways.items():
            figures[name].append(_cost(*way, REQUESTS))
    middle = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in middle.items():
        rounds = ", ".join(f"{one:.2f}" for one in figures[name])
        print(f"  CPU ms per request, {name:<42} {value:.2f}  ({rounds})")
    return 0 if all([*_verdicts(*middle.values())]) else 1


def _verdicts(
    ours: float, nested: float, keyed: float, plain: float, sent: float, unheard: float
) -> Iterator[bool]:
    figure = f"list, ours / nested ModelSerializer: {ours / nested:.2f}"
    yield verdict(figure, "<= 0.5", holds=ours <= nested / 2)
    figure = f"API key, added ms (read at every use, never remembered): {keyed - plain:.2f}"
    yield verdict(figure, "<= 0.8", holds=keyed - plain <= 0.8)
    for name, told in (("sent to a collector", sent), ("with nobody to hear it", unheard)):
        figure = f"list, telemetry {name} / off: {told / ours:.2f} ({told:.2f} / {ours:.2f} ms)"
        yield verdict(figure, "<= 1.1", holds=told <= 1.1 * ours)


def _cost(server: Process, path: str, key: str, count: int) -> float:
    """Milliseconds of CPU for one request."""
    before = server.cpu()
    uvloop.run(_requests(server.url, path, key, count))
    return (server.cpu() - before) / count * 1000


async def _requests(url: str, path: str, key: str, count: int) -> None:
    """`count` requests over some connections that stay open."""
    await asyncio.gather(*(_connection(url, path, key, count // CONNECTIONS) for _ in range(CONNECTIONS)))


async def _connection(url: str, path: str, key: str, count: int) -> None:
    parts = urlsplit(url)
    sent = f"Authorization: Bearer {key}\r\n" if key else ""
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{sent}\r\n".encode()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    for _number in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n", 1)[0], head
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
