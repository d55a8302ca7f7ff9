"""Servers that are not what they say, or stop in the middle: what a customer's address may lead to.

    SilentPostgres     lets people in, tells a version, and never says another word
    EndlessPostgres    answers each statement, or the one who enters, without end: see `ENDLESS`
    EndlessMariaDB     the same
    RefusingPostgres   lets nobody in, and says why in words of its own
    StrangeMariaDB     greets as MariaDB, and answers each statement with what it was given
    TlsDoor            TLS before a PostgreSQL that has none, with a certificate of the test's own

Each listens on 127.0.0.1 until `close()`.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, count, repeat
from pathlib import Path

GIB = 1024**3
#: What libpq asks before anything else: whether the server speaks TLS.
SSL_REQUEST = struct.pack("!I", 80877103)


class Listening:
    """`serve` is called for each connection, in a thread of its own."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self._listening = socket.create_server((self.host, 0))
        self.port: int = self._listening.getsockname()[1]
        self.came: list[socket.socket] = []
        threading.Thread(target=self._let_in, daemon=True).start()

    def serve(self, peer: socket.socket) -> None:
        raise NotImplementedError

    def close(self) -> None:
        for one in [self._listening, *self.came]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                self.came.append(self._listening.accept()[0])
                threading.Thread(target=self._serve, args=[self.came[-1]], daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError, struct.error, ssl.SSLError):
            self.serve(peer)


class SilentPostgres(Listening):
    def __init__(self, version: str = "16.1") -> None:
        self.version = version
        super().__init__()

    def serve(self, peer: socket.socket) -> None:
        if _first_packet(peer) == SSL_REQUEST:
            peer.sendall(b"N")
            _first_packet(peer)
        told = {
            "server_version": self.version,
            "client_encoding": "UTF8",
            "standard_conforming_strings": "on",
        }
        peer.sendall(_message(b"R", struct.pack("!I", 0)))
        for name, value in told.items():
            peer.sendall(_message(b"S", f"{name}\0{value}\0".encode()))
        self.enter(peer)
        peer.sendall(_message(b"K", struct.pack("!II", 1, 2)) + _message(b"Z", b"I"))
        while packet := peer.recv(65536):
            self.said(peer, packet)

    def enter(self, peer: socket.socket) -> None:
        """What it says before it lets somebody in."""

    def said(self, peer: socket.socket, packet: bytes) -> None:
        """What it answers."""


class EndlessPostgres(SilentPostgres):
    """`sent` counts what the other side took."""

    def __init__(self, way: str) -> None:
        self.way, self.sent = way, 0
        super().__init__()

    def enter(self, peer: socket.socket) -> None:
        super().enter(peer)
        if self.way == "greetings":
            self._pour(peer, (_message(b"S", b"p%d\0x\0" % number) * 200 for number in count()))

    def said(self, peer: socket.socket, packet: bytes) -> None:
        ways: dict[str, Iterator[bytes]] = {
            "rows": chain(
                [COLUMN], repeat(_message(b"D", b"\0\1" + struct.pack("!I", 1000) + b"x" * 1000) * 64)
            ),
            "row": chain([COLUMN, b"D" + struct.pack("!I", GIB)], repeat(b"x" * 65536)),
            "error": chain([b"E" + struct.pack("!I", GIB), b"SERROR\0M"], repeat(b"x" * 65536)),
            "notices": repeat(_message(b"N", b"SNOTICE\0C00000\0Mx\0\0") * 1000),
            "results": repeat(_message(b"C", b"SELECT 1\0") * 1000),
            "asks for a file": iter([_message(b"G", b"\0\0\1\0\0")]),
            "drip": chain([COLUMN], _slowly(_message(b"D", b"\0\1\0\0\0\1x"))),
        }
        self._pour(peer, ways[self.way])

    def _pour(self, peer: socket.socket, parts: Iterable[bytes]) -> None:
        """As fast as a network: on one machine libpq would not come to the end of what there is to read."""
        for part in parts:
            time.sleep(0.0005)
            peer.sendall(part)
            self.sent += len(part)


class RefusingPostgres(Listening):
    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__()

    def serve(self, peer: socket.socket) -> None:
        if _first_packet(peer) == SSL_REQUEST:
            peer.sendall(b"N")
            _first_packet(peer)
        peer.sendall(_message(b"E", f"SFATAL\0C28000\0M{self.words}\0\0".encode()))


def _first_packet(peer: socket.socket) -> bytes:
    (length,) = struct.unpack("!I", peer.recv(4))
    return peer.recv(length - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


#: What an answer of PostgreSQL begins with that has one column, of text.
COLUMN = _message(b"T", b"\0\1a\0" + struct.pack("!IHIhih", 0, 0, 25, -1, -1, 0))
#: Ways in which what is answered has no end, or asks for what is ours.
ENDLESS = {
    "postgresql": ["rows", "row", "error", "notices", "results", "greetings", "asks for a file", "drip"],
    "mysql": ["rows", "row", "error", "greetings", "drip"],
}

Answer = Callable[[bytes], Sequence[bytes]]
OK = b"\0\0\0\2\0\0\0"


class StrangeMariaDB(Listening):
    """`answer` is given each statement and gives the packets that answer it. `heard` is all that came."""

    def __init__(self, answer: Answer, version: str = "5.5.5-10.11.6-MariaDB") -> None:
        self.answer = answer
        self.version = version
        self.heard = b""
        super().__init__()

    def serve(self, peer: socket.socket) -> None:
        _send(peer, 0, self._greeting())
        peer.recv(65536)
        _send(peer, 2, OK)
        while packet := peer.recv(65536):
            self.heard += packet
            for number, part in enumerate(self.answer(packet[5:]), 1):
                _send(peer, number, part)

    def _greeting(self) -> bytes:
        able = 0xF7FF | (0x81FF << 16)
        return (
            b"\x0a" + self.version.encode() + b"\0" + struct.pack("<I", 1) + b"a" * 8 + b"\0"
            + struct.pack("<HBHHB", able & 0xFFFF, 45, 2, able >> 16, 21) + b"\0" * 10
            + b"b" * 12 + b"\0" + b"mysql_native_password\0"
        )  # fmt: skip


def _send(peer: socket.socket, number: int, packet: bytes) -> None:
    peer.sendall(struct.pack("<I", len(packet))[:3] + bytes([number]) + packet)


def asks_for(file: Path) -> Answer:
    """To every statement: send me this file of yours."""
    return lambda statement: [b"\xfb" + str(file).encode()]


def says_ok(statement: bytes) -> Sequence[bytes]:
    """Done, and no rows, whatever was asked."""
    return [OK]


def says_nonsense(statement: bytes) -> Sequence[bytes]:
    return [b"\x01\x02", b"\xff"]


def says_nothing(statement: bytes) -> Sequence[bytes]:
    return []


def of_version(version: str) -> Answer:
    """As far as Django asks which one it is."""
    row = [version, "STRICT_ALL_TABLES", "InnoDB", "0", "0", "1"]
    return lambda statement: _rows(row) if b"VERSION()" in statement else [OK]


def _rows(row: Sequence[str]) -> list[bytes]:
    end = b"\xfe\0\0\2\0"
    column = b"\3def\0\0\0\1a\0\x0c" + struct.pack("<HIBHBH", 45, 200, 253, 0, 0, 0)
    values = b"".join(bytes([len(value)]) + value.encode() for value in row)
    return [bytes([len(row)]), *([column] * len(row)), end, values, end]


class EndlessMariaDB(StrangeMariaDB):
    """`sent` counts what the other side took."""

    def __init__(self, way: str) -> None:
        self.way, self.sent = way, 0
        super().__init__(says_ok)

    def serve(self, peer: socket.socket) -> None:
        if self.way == "greetings":
            self._pour(peer, repeat(b"x" * 0xFFFFFF))
        _send(peer, 0, self._greeting())
        peer.recv(65536)
        _send(peer, 2, OK)
        while packet := peer.recv(65536):
            if packet[5:].upper().startswith(b"SET"):
                _send(peer, 1, OK)
                continue
            row = b"\xfc" + struct.pack("<H", 1000) + b"x" * 1000
            ways: dict[str, Iterable[bytes]] = {
                "rows": repeat(row), "row": repeat(b"x" * 0xFFFFFF), "drip": _slowly(row),
                "error": chain([b"\xff\x15\x04#28000" + b"x" * (0xFFFFFF - 9)], repeat(b"x" * 0xFFFFFF)),
            }  # fmt: skip
            self._pour(
                peer, ways[self.way] if self.way == "error" else chain(_rows(["x"])[:-2], ways[self.way])
            )

    def _pour(self, peer: socket.socket, packets: Iterable[bytes]) -> None:
        for number, packet in enumerate(packets, 0 if self.way == "greetings" else 1):
            _send(peer, number % 256, packet)
            self.sent += len(packet)


def _slowly(part: bytes) -> Iterator[bytes]:
    while True:
        time.sleep(0.1)
        yield part


class TlsDoor(Listening):
    def __init__(self, port: int, certificate: Path, key: Path) -> None:
        self._behind = port
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        super().__init__()

    def serve(self, peer: socket.socket) -> None:
        if _first_packet(peer) != SSL_REQUEST:
            return
        peer.sendall(b"S")
        with (
            self._tls.wrap_socket(peer, server_side=True) as inside,
            socket.create_connection((self.host, self._behind)) as behind,
        ):
            _pass_on(inside, behind)


def _pass_on(inside: ssl.SSLSocket, behind: socket.socket) -> None:
    """Both ways in one thread: OpenSSL bears no second one in the same connection."""
    with suppress(OSError):
        while readable := [inside] if inside.pending() else select.select([inside, behind], [], [], 30)[0]:
            for source in readable:
                block = source.recv(65536)
                if not block:
                    return
                (behind if source is inside else inside).sendall(block)
