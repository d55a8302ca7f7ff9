"""How long one answer may take and how large it may be, kept where the bytes come in.

A read timeout is no deadline: a peer that sends a byte now and then never meets it. Here each read
may take what is left of the time, and what came is counted, before anybody else sees it.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast


class TooLarge(OSError):
    """More came than was allowed for."""

    def __init__(self) -> None:
        super().__init__("the answer is larger than allowed")


@dataclass(frozen=True, slots=True)
class Limits:
    """For one request and its answer.

    `seconds` by the wall clock, from the first byte of the request to the last of the answer;
    `max_bytes` of the answer, as it comes and again once unpacked. Where `least_rate` (bytes per
    second) is given, what was moved at that rate or faster takes none of the seconds: for files.
    """

    seconds: float = 30.0
    max_bytes: int = 32 * 1024 * 1024
    least_rate: int = 0


_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))


@contextmanager
def done_within(seconds: float) -> Iterator[None]:
    """Whatever is asked in here ends by then, however fast its bytes come: for answers that are no files."""
    before = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(before)


class Allowance:
    """What is left of the limits for the request under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.begin()

    def begin(self) -> None:
        self._begun, self._moved = time.monotonic(), 0
        self._came = self._unpacked = 0

    @property
    def seconds(self) -> float:
        """Left until the deadline. Raises TimeoutError when it has passed."""
        earned = self._moved / self._limits.least_rate if self._limits.least_rate else 0.0
        left = min(self._begun + self._limits.seconds + earned, _ends.get()) - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"not done within {self._limits.seconds:g} seconds")
        return left

    @property
    def unpacked_left(self) -> int:
        return self._limits.max_bytes - self._unpacked

    def went(self, count: int) -> None:
        self._moved += count

    def came(self, count: int) -> None:
        self._moved += count
        self._came += count
        if self._came > self._limits.max_bytes + _HEADERS:
            raise TooLarge

    def unpacked(self, count: int) -> None:
        self._unpacked += count
        if self._unpacked > self._limits.max_bytes:
            raise TooLarge


#: What an answer may have beside its body; http.client itself takes a hundred lines of 64 KiB.
_HEADERS = 256 * 1024
_BLOCK = 64 * 1024


class LimitedSocket:
    """A connected socket, of TLS or not, that reads and writes within an allowance."""

    def __init__(self, made: socket.socket, allowance: Allowance) -> None:
        self._socket, self._allowance = made, allowance
        self._asked = made.gettimeout()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def settimeout(self, seconds: float | None) -> None:
        self._asked = seconds
        self._socket.settimeout(seconds)

    def sendall(self, data: Any) -> None:
        rest = memoryview(data).cast("B")
        for start in range(0, len(rest), _BLOCK):
            block = rest[start : start + _BLOCK]
            self.hurry()
            self._socket.sendall(block)
            self._allowance.went(len(block))

    def makefile(self, mode: str = "r", buffering: int = -1) -> io.RawIOBase | io.BufferedReader:
        """For reading bytes only, as http.client does."""
        raw = _Reading(self, cast(io.RawIOBase, self._socket.makefile("rb", buffering=0)), self._allowance)
        return raw if buffering == 0 else io.BufferedReader(raw)

    def hurry(self) -> None:
        """What comes next may take no longer than is left."""
        left = self._allowance.seconds
        self._socket.settimeout(left if self._asked is None else min(left, self._asked))


class _Reading(io.RawIOBase):
    def __init__(self, of: LimitedSocket, raw: io.RawIOBase, allowance: Allowance) -> None:
        self._of, self._raw, self._allowance = of, raw, allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._of.hurry()
        count = self._raw.readinto(buffer)
        self._allowance.came(count or 0)
        return count

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()
