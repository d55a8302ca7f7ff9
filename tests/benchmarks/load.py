"""A client that opens many streams at once and costs little: raw sockets, no HTTP library."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Load:
    """What a run of streams showed. Times in seconds."""

    tokens: int = 0
    errors: int = 0
    first: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    seconds: float = 0.0
    samples: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Tokens per second over the whole run."""
        return self.tokens / self.seconds

    def first_ms(self, share: float = 0.5) -> float:
        ordered = sorted(self.first)
        return ordered[int(share * (len(ordered) - 1))] * 1000


#: Longer than any script of ours; seconds.
PATIENCE = 60


async def streams(url: str, *, key: str, model: str, script: str, count: int, ramp: float) -> Load:
    """`count` streams, started evenly over `ramp` seconds; returns when all have ended."""
    load = Load()
    began = time.perf_counter()
    await asyncio.gather(
        *(_stream(load, url, key, model, script, ramp * number / count) for number in range(count))
    )
    load.seconds = time.perf_counter() - began
    return load


async def _stream(load: Load, url: str, key: str, model: str, script: str, wait: float) -> None:
    await asyncio.sleep(wait)
    parts = urlsplit(url)
    body = json.dumps(
        {"model": model, "stream": True, "messages": [{"role": "user", "content": script}]}
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    began = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 20)
        writer.write(head + body)
        tokens = await asyncio.wait_for(_read(load, reader, began), PATIENCE)
        writer.close()
    except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
        load.errors += 1
        load.samples.append(repr(error))
        return
    load.tokens += tokens
    load.total.append(time.perf_counter() - began)


async def _read(load: Load, reader: asyncio.StreamReader, began: float) -> int:
    """Counts pieces of text by their key; an answer that is no complete stream is an error."""
    seen, tail, tokens = b"", b"", 0
    status = await reader.readline()
    if b" 200 " not in status:
        raise ValueError(f"{status!r} {(await reader.read(600))!r}")
    while chunk := await reader.read(1 << 16):
        data = tail + chunk
        found = b" word" in data
        if found and not tokens:
            load.first.append(time.perf_counter() - began)
        # A piece of several tokens carries several words.
        tokens += data.count(b" word")
        tail = data[-6:] if not data.endswith(b" word") else b""
        tokens -= tail.count(b" word")
        seen = (seen + chunk)[-64:]
        if b"[DONE]" in seen:
            return tokens
    raise ValueError(f"cut: {seen!r}")
