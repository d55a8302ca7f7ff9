"""A customer's PostgreSQL that goes silent in the middle of an answer, or never ends one, is given up.

The server's own `statement_timeout` helps while the server lives, TCP's while the network does. Here is
what neither sees: a server that let us in, and never says another word, or says more than was asked for.
libpq keeps a whole answer in memory, so what comes is counted while it comes.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import waiting

#: A little longer than one statement may take there (`byoc.databases.STATEMENT_MS`), in seconds.
PATIENCE = 65.0
#: For what moves whole tables, or runs a script of many statements.
LONG_PATIENCE = 1800.0
#: What one answer may bring, in bytes: at work, while somebody looks how a server is or the pool sets a new
#: connection up, before it let us in. In memory, rows are several times as large.
MOST = 64 * 1024 * 1024
MOST_LOOKED_AT = 4 * 1024 * 1024
MOST_TO_ENTER = 1024 * 1024

#: Where Linux says in TCP_INFO how many bytes came so far; other systems keep time alone.
_RECEIVED = 128


class TooMuch(psycopg.OperationalError):
    """More came than any answer of ours can be."""

    def __init__(self) -> None:
        super().__init__("the answer is larger than allowed")


class Bounded(psycopg.Connection[Any]):
    """Waits `patience` seconds for each answer, takes `most` bytes of it, then gives the connection up."""

    patience: float | None = None
    most: int = MOST_LOOKED_AT

    @classmethod
    def _connect_gen(cls, conninfo: str = "", **options: Any) -> Any:
        return _counted_from(super()._connect_gen(conninfo, **options))

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        counted = _counted(gen, self.pgconn, self.most)
        if timeout is not None:
            return super().wait(counted, interval, timeout)
        try:
            return super().wait(counted, interval, PATIENCE if self.patience is None else self.patience)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()  # what it says now would be taken for the answer to something else
            raise psycopg.errors.ConnectionTimeout("timeout: the server went silent") from None


class BoundedAsync(psycopg.AsyncConnection[Any]):
    """For a look at how a server is: the size of its answers is bounded, their time is the asker's."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "", **options: Any) -> Any:
        return _counted_from(super()._connect_gen(conninfo, **options))

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Whoever asks may stop at once: psycopg itself would ask such a server to stop, and wait for it."""
        counted = _counted(gen, self.pgconn, MOST_LOOKED_AT)
        return await waiting.wait_async(counted, self.pgconn.socket, interval=interval, timeout=timeout)


def be_patient(connection: psycopg.Connection[Any]) -> None:
    """For what may take long by right. One of our own server waits as long as it takes anyway."""
    if isinstance(connection, Bounded):
        connection.patience = LONG_PATIENCE


def _counted(gen: Any, pgconn: Any, most: int) -> Generator[Any, Any, Any]:
    """The same, given up with TooMuch; what needs no waiting is not counted."""
    try:
        wanted = next(gen)
        before = _received(pgconn.socket)
        while True:
            ready = yield wanted
            if _received(pgconn.socket) - before > most:
                pgconn.finish()
                raise TooMuch
            wanted = gen.send(ready)
    except StopIteration as ended:
        return ended.value


def _counted_from(gen: Any) -> Generator[Any, Any, Any]:
    """The same from the first byte of a connection; here the generator says which socket it is."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if _received(wanted[0]) > MOST_TO_ENTER:
                raise TooMuch
            wanted = gen.send(ready)
    except StopIteration as ended:
        return ended.value


def _received(descriptor: int) -> int:
    """How many bytes have come on this socket; 0 where the system does not say, or it is closed."""
    with suppress(OSError, AttributeError, struct.error), _borrowed(descriptor) as own:
        told = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RECEIVED + 8)
        return int(struct.unpack_from("=Q", told, _RECEIVED)[0])
    return 0


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """libpq's own socket, which stays open."""
    own = socket.socket(fileno=descriptor)
    try:
        yield own
    finally:
        own.detach()
