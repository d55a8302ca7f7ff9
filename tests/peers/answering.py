"""A service that answers every request as its first path says, for probes and webhooks.

/200/…          that status, at once
/200-100/…      the same after 100 milliseconds
/next/…         what `script` holds, in turn; 200 when it is empty
/silence/…      the request is read, and nothing is said
/moved/…        302 to another address
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field

REASONS = {200: "OK", 204: "No Content", 302: "Found", 401: "Unauthorized", 410: "Gone", 503: "Unavailable"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived. Header names are in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answering:
    """The server, in a thread with a loop of its own. `most` is how many it had to answer at one time."""

    asked: list[Asked] = field(default_factory=list)
    script: deque[int] = field(default_factory=deque)
    port: int = 0
    most: int = 0
    _now: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        starting = asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1_024)
        self._server = self._loop.run_until_complete(starting)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="answering", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await self._answer(await _read(reader), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # it went away
        finally:
            self._now -= 1
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.asked.append(asked)
        first = asked.path.split("/")[1]
        if first == "silence":
            await asyncio.sleep(3_600)
        status, _dash, pause = first.partition("-")
        await asyncio.sleep(int(pause or 0) / 1_000)
        writer.write(_said(self._status(status)))
        await writer.drain()

    def _status(self, word: str) -> int:
        if word == "moved":
            return 302
        if word == "next":
            return self.script.popleft() if self.script else 200
        return int(word)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _version = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _c, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body)


def _said(status: int) -> bytes:
    body = b'{"data": []}' if status == 200 else b'{"error": {"message": "scripted"}}'
    where = "Location: http://127.0.0.1:9/elsewhere\r\n" if status == 302 else ""
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'Said')}\r\nContent-Type: application/json\r\n{where}"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def main() -> None:
    """`python -m tests.peers.answering` prints its port and serves until it is killed."""
    answering = Answering()
    answering.start()
    print(answering.port, flush=True)
    answering._thread.join()


if __name__ == "__main__":
    main()
