"""An HTTP server that misbehaves in the way a part of its path says: what a customer's URL may lead to.

    /drip           a byte of the body every 50 ms, for ever
    /head           a byte of the header every 50 ms, for ever
    /silent         takes the request and never answers
    /line           one line of events that does not end
    /trailers       lines behind the last chunk for ever
    /gib            one line of 1 GiB, and then the end
    /events         events for ever, each small
    /event          one event of many small lines that does not end
    /bomb           compressed a thousand to one, for ever
    /bombs          the same, compressed three times over
    /short          promises more bytes than come, and leaves
    /long           sends more bytes than it promised
    /headers        header lines for ever
    /see/<code>     sends elsewhere: to `elsewhere`
    /echo           the head of the request, as text

`heads` keeps what was asked, as bytes; `sent` counts what the other side took.
"""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from itertools import repeat

from tests.peers.strange import Listening

DRIP_SECONDS = 0.05
FAULTS = frozenset(
    {
        "drip",
        "head",
        "silent",
        "line",
        "gib",
        "trailers",
        "events",
        "event",
        "bomb",
        "bombs",
        "short",
        "long",
        "headers",
        "see",
    }
)
_MIB = 1024 * 1024


class FaultServer(Listening):
    def __init__(self, elsewhere: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.elsewhere, self._tls = elsewhere, tls
        self.heads: list[bytes] = []
        self.sent = 0
        super().__init__()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    def serve(self, peer: socket.socket) -> None:
        if self._tls is not None:
            peer = self._tls.wrap_socket(peer, server_side=True)
        head = _head_of(peer)
        self.heads.append(head)
        if head.count(b" ") < 2 or not head.isascii():
            peer.sendall(b"HTTP/1.1 400 What?\r\nContent-Length: 0\r\n\r\n")
            return
        path = head.split(b" ")[1].decode().partition("?")[0]
        for part in self._answer(path, head):
            peer.sendall(part)
            self.sent += len(part)
        peer.settimeout(1)
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(65536):  # closing with something unread would take the answer back
            pass
        peer.close()

    def _answer(self, path: str, head: bytes) -> Iterator[bytes]:
        name = next((part for part in path.split("/") if part in FAULTS), "")
        if name == "see":
            code = path.partition("/see/")[2].partition("/")[0].encode()
            told = b"HTTP/1.1 %s Elsewhere\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            yield told % (code, self.elsewhere.encode())
            return
        yield from getattr(self, f"_{name}")() if name else _answered(head)

    def _drip(self) -> Iterator[bytes]:
        yield _headers("text/event-stream")
        yield from _dripping(b": ")

    def _head(self) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX-Slow: "
        yield from _dripping(b"x")

    def _silent(self) -> Iterator[bytes]:
        time.sleep(60)
        yield b""

    def _line(self) -> Iterator[bytes]:
        yield _headers("text/event-stream") + b"data: "
        while True:
            yield b"x" * _MIB

    def _trailers(self) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
        yield from repeat(b"X-More: x\r\n" * 100_000)

    def _gib(self) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % 1024**3
        yield from repeat(b"x" * _MIB, 1024)

    def _events(self) -> Iterator[bytes]:
        yield _headers("text/event-stream")
        while True:
            yield b": nothing\n\n" * 1000

    def _event(self) -> Iterator[bytes]:
        yield _headers("text/event-stream")
        while True:
            yield b"data: x\n" * 1000

    def _bomb(self) -> Iterator[bytes]:
        yield _headers("application/json", b"gzip")
        yield from _packed(1)

    def _bombs(self) -> Iterator[bytes]:
        yield _headers("application/json", b"gzip, gzip, gzip")
        yield from _packed(3)

    def _short(self) -> Iterator[bytes]:
        yield _headers("application/json") + b"{"

    def _long(self) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        while True:
            yield b"x" * _MIB

    def _headers(self) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X-More: %s\r\n" % (b"x" * 1000)


def _headers(kind: str, encoding: bytes = b"") -> bytes:
    packed = b"Content-Encoding: %s\r\n" % encoding if encoding else b""
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Length: 1000000000\r\n\r\n" % (
        kind.encode(),
        packed,
    )


def _dripping(what: bytes) -> Iterator[bytes]:
    while True:
        time.sleep(DRIP_SECONDS)
        yield what[:1]


def _packed(times: int) -> Iterator[bytes]:
    """Zeros without end, packed that many times over."""
    packers = [zlib.compressobj(9, wbits=31) for _ in range(times)]
    while True:
        block = bytes(_MIB)
        for packer in packers:
            block = packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield block


def _answered(head: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: seen=1\r\n"
    yield b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(head), head)


def _head_of(peer: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and head.isascii() and (more := peer.recv(65536)):
        head += more
    return head
