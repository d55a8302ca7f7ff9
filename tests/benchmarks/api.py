"""`make bench-api`: what a list and a key cost in the server's CPU, each beside its alternative.

One worker, 16 connections; the variants are asked in turn, figures are medians of the rounds. CPU is
user and system time of the server's process; PostgreSQL's own is not in it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from urllib.parse import urlsplit

import uvloop

from tests.benchmarks.stage import Process, staged, uvicorn, verdict

ROUNDS = int(os.environ.get("ROUNDS", "5"))
REQUESTS = int(os.environ.get("REQUESTS", "640"))
CONNECTIONS = 16
CHATS = 200


def main() -> int:
    with staged() as services:
        key = _organization()
        server = uvicorn("tests.benchmarks.alternatives:application", services, "ours")
        try:
            return _measure(server, key)
        finally:
            server.stop()


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


def _measure(server: Process, key: str) -> int:
    ways = {
        "list of 20 chats, ours": ("/api/v1/chats/?limit=20", key),
        "list of 20 chats, nested ModelSerializer": ("/api/v1/nested/", key),
        "plain view with a key": ("/api/v1/plain/", key),
        "plain view without": ("/health/plain/", ""),
    }
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for path, sent in ways.values():  # warm: imports, pools, compiled queries
        _cost(server, path, sent, 64)
    for _round in range(ROUNDS):
        for name, (path, sent) in ways.items():
            figures[name].append(_cost(server, path, sent, REQUESTS))
    middle = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in middle.items():
        rounds = ", ".join(f"{one:.2f}" for one in figures[name])
        print(f"  CPU ms per request, {name:<42} {value:.2f}  ({rounds})")
    ours, nested, keyed, plain = middle.values()
    held = [
        verdict(
            f"list, ours / nested ModelSerializer: {ours / nested:.2f}", "<= 0.5", holds=ours <= nested / 2
        ),
        verdict(
            f"API key, added ms (read at every use, never remembered): {keyed - plain:.2f}",
            "<= 0.8",
            holds=keyed - plain <= 0.8,
        ),
    ]
    return 0 if all(held) else 1


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
