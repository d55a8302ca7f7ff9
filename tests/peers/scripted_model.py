"""A model that does as it is told: OpenAI's, Azure's, Anthropic's and Google's protocols over a real socket.

    python -m tests.peers.scripted_model --port 0       prints its port, serves until killed

What it does with a request is in `scripts`. POST /control/next {"script": "cut:3", "times": 2}
overrides the next requests; GET /journal tells what came in and what left early; DELETE empties it.

Callbacks on a protocol instead of a framework: it must feed 512 streams at 20 ms to a benchmark
and leave the core to the program under test.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import httptools

from tests.peers.dialects import Anthropic, Dialect, Google, OpenAI
from tests.peers.scripts import Ending, Head, Scripts, Step
from tests.peers.vectors import embedded

STREAM = (("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache"))
REASONS = {200: b"OK", 429: b"Too Many Requests", 503: b"Service Unavailable"}
STEPS_AT_A_TIME = 64
MODEL = {"id": "scripted", "object": "model", "name": "models/scripted"}
MODELS: dict[str, Any] = {"object": "list", "data": [MODEL], "models": [MODEL], "has_more": False}
ASKED = ("/chat/completions", "/messages", ":streamGenerateContent", ":generateContent")
EMBEDDED = ("/embeddings", ":batchEmbedContents")


@dataclass
class Entry:
    """One request. Times are epoch seconds; `left_at` is when the client went before the end."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    connection: int
    query: str = ""
    finished: bool = False
    left_at: float | None = None


@dataclass
class Journal:
    """What all connections share. `reads` makes a script of a request that no override is for; `looks` counts
    how often somebody asked which models there are.
    """

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=10_000))
    overrides: deque[str] = field(default_factory=deque)
    scripts: Scripts = field(default_factory=Scripts)
    connections: int = 0
    looks: int = 0
    reads: Callable[[dict[str, Any]], str] = field(default=lambda body: _asked(body))


class Connection(asyncio.Protocol):
    """One client. A script is played step by step, held back while the client does not read."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._steps: Iterator[Step] = iter(())
        self._timer: asyncio.TimerHandle | None = None
        self._entry: Entry | None = None
        self._due = 0.0
        self._held = self._begun = self._chunked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop has its own classes
        self._journal.connections += 1
        self._number = self._journal.connections
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._headers: dict[str, str] = {}
        self._url, self._content = "", b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._content += body

    def on_message_complete(self) -> None:
        body = json.loads(self._content) if self._content else {}
        path, method = self._url.partition("?")[0], self._parser.get_method()
        self._begun, self._chunked, self._due = False, True, self._loop.time()
        if method == b"POST" and path.endswith(ASKED):
            self._answer(path, body)
        elif method == b"POST" and path.endswith(EMBEDDED):
            self._embed(path, body)
        else:
            self._control(method.decode(), path, body)

    def _answer(self, path: str, body: dict[str, Any]) -> None:
        dialect = _dialect(path, body)
        self._entry = Entry(path, self._headers, body, time.time(), self._number, self._url.partition("?")[2])
        self._journal.entries.append(self._entry)
        text = self._journal.overrides.popleft() if self._journal.overrides else self._journal.reads(body)
        self._steps = self._journal.scripts.steps(dialect, text)
        if not (body.get("stream") or ":stream" in path):
            self._steps = _whole(dialect, self._steps)
        self._play()

    def _control(self, method: str, path: str, body: dict[str, Any]) -> None:
        journal = self._journal
        journal.looks += "/models" in path
        answer: dict[str, Any] = {}
        if path == "/control/next":
            journal.overrides.extend([body["script"]] * int(body.get("times", 1)))
        elif path == "/journal" and method == "DELETE":
            journal.entries.clear()
            journal.overrides.clear()
        elif path == "/journal":
            answer = {"entries": [asdict(entry) for entry in journal.entries]}
        elif journal.overrides:
            self._steps = journal.scripts.steps(_dialect(path, body), journal.overrides.popleft())
            self._play()
            return
        elif "/models/" in path and not path.endswith("/models/scripted"):
            missing = _dialect(path, body).refusal(404, "no such model", "not_found_error")
            self._steps = iter([Head(404, json=missing)])
            self._play()
            return
        else:
            answer = MODELS
        self._steps = iter([Head(200, json=answer)])
        self._play()

    def _embed(self, path: str, body: dict[str, Any]) -> None:
        self._entry = Entry(path, self._headers, body, time.time(), self._number, self._url.partition("?")[2])
        self._journal.entries.append(self._entry)
        if self._journal.overrides:
            text = self._journal.overrides.popleft()
            self._steps = self._journal.scripts.steps(_dialect(path, body), text)
        else:
            self._steps = iter([Head(200, json=embedded(body))])
        self._play()

    def _play(self) -> None:
        """Send steps until one says wait, the client stops reading, or the script ends."""
        self._timer = None
        for _ in range(STEPS_AT_A_TIME):
            if self._held or self._transport.is_closing():
                return
            step = next(self._steps, None)
            if type(step) is float:
                self._due = max(self._due + step, self._loop.time() - 1.0)
                self._timer = self._loop.call_at(self._due, self._play)
                return
            if step is None:
                self._finish()
                return
            if isinstance(step, Ending):
                self._end(step)
                return
            self._send(step)
        self._timer = self._loop.call_later(0, self._play)  # let the others have a turn

    def _send(self, step: Step) -> None:
        if isinstance(step, Head):
            self._write_head(step)
            return
        assert isinstance(step, bytes)
        if not self._begun:
            self._write_head(Head(200))
        if step:
            self._transport.write(b"%x\r\n%b\r\n" % (len(step), step) if self._chunked else step)

    def _write_head(self, head: Head) -> None:
        self._begun = True
        plain = head.text if head.json is None else json.dumps(head.json)
        headers: tuple[tuple[str, str], ...] = STREAM if plain is None else ()
        if head.json is not None:
            headers = (("Content-Type", "application/json"),)
        lines = [b"HTTP/1.1 %d %b" % (head.status, REASONS.get(head.status, b"Scripted"))]
        lines += [f"{name}: {value}".encode() for name, value in (*headers, *head.headers)]
        self._chunked = head.chunked and plain is None
        if self._chunked:
            lines.append(b"Transfer-Encoding: chunked")
        elif plain is None:
            lines.append(b"Connection: close")
        else:
            lines.append(b"Content-Length: %d" % len(plain.encode()))
        self._transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + (plain or "").encode())

    def _finish(self) -> None:
        if self._chunked:
            self._transport.write(b"0\r\n\r\n")
        if self._entry is not None:
            self._entry.finished, self._entry = True, None
        self._reset()

    def _end(self, ending: Ending) -> None:
        self._entry = None  # we went, not the client
        if ending is Ending.RESET:
            self._transport.abort()
        else:
            self._transport.close()

    def pause_writing(self) -> None:
        self._held = True

    def resume_writing(self) -> None:
        self._held = False
        if self._timer is None:
            self._play()

    def connection_lost(self, error: Exception | None) -> None:
        self._held = True
        if self._timer is not None:
            self._timer.cancel()
        if self._entry is not None:
            self._entry.left_at = time.time()


def _dialect(path: str, body: dict[str, Any]) -> Dialect:
    if path.endswith("/messages"):
        return Anthropic(body)
    return Google(body) if "contents" in body or "/v1beta/" in path else OpenAI(body)


def _asked(body: dict[str, Any]) -> str:
    """The directive: a model named `script:…`, or else the last message of the user.

    What comes after the call of a tool says what came of it.
    """
    model = str(body.get("model", ""))
    if model.startswith("script:"):
        return model.removeprefix("script:")
    turns = [_said(turn) for turn in body.get("messages") or body.get("contents") or ()]
    if turns and turns[-1][0] == "tool":
        return f"The tool said {turns[-1][1]}"
    said = [text for role, text in turns if role == "user"]
    return said[-1] if said else ""


def _said(turn: dict[str, Any]) -> tuple[str, str]:
    """Role and text of a turn in any of the protocols; role "tool" where it tells what a tool gave."""
    content = turn.get("content", turn.get("parts"))
    if not isinstance(content, list):
        return str(turn.get("role")), str(content or "")
    results = [str(part["content"]) for part in content if part.get("type") == "tool_result"]
    results += [
        json.dumps(part["functionResponse"]["response"]) for part in content if "functionResponse" in part
    ]
    if results:
        return "tool", " ".join(results)
    return str(turn.get("role")), "".join(part.get("text", "") for part in content)


def _whole(dialect: Dialect, steps: Iterator[Step]) -> Iterator[Step]:
    """The same answer for a client that asked for no stream: as long in coming, in one piece."""
    pieces: list[str] = []
    for step in steps:
        if isinstance(step, Head | Ending):
            yield step
            return
        if isinstance(step, float):
            yield step
        else:
            pieces += dialect.texts(step)
    yield Head(200, json=dialect.whole("".join(pieces), len(pieces)))


async def serve(journal: Journal, port: int = 0) -> asyncio.Server:
    """Listen on loopback, on a free port below the range of outgoing connections when 0."""
    loop = asyncio.get_running_loop()
    for _ in range(50):
        try:
            chosen = port or random.randint(20_000, 32_000)
            return await loop.create_server(lambda: Connection(journal), "127.0.0.1", chosen, backlog=2048)
        except OSError:
            if port:
                raise
    raise OSError("no free port")


async def _main(port: int) -> None:
    server = await serve(Journal(), port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, usage="%(prog)s [--port PORT]")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    with contextlib.suppress(ImportError):  # somewhat slower without, otherwise the same
        import uvloop

        uvloop.install()
    asyncio.run(_main(parser.parse_args().port))
