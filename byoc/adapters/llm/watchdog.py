"""Ends a stream that stays silent, or that talks for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from byoc.adapters.llm.errors import timed_out
from byoc.adapters.llm.options import LLMOptions
from byoc.contracts.words import marked as _
from humana.kernel.errors import EndpointError


class Watchdog:
    """One timer for a whole stream; a read costs it a few assignments.

    A read time-out alone does not do: a peer that sends a byte now and then never meets it. When
    a limit is passed the connection is closed, so the pending read fails; `verdict` then says why.
    """

    __slots__ = (
        "_abort",
        "_handle",
        "_limits",
        "_listens",
        "_loop",
        "_seen",
        "_started",
        "_waits",
        "verdict",
    )

    def __init__(self, limits: LLMOptions) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._started = self._seen = self._loop.time()
        self._waits = limits.first_seconds
        self._handle: asyncio.TimerHandle | None = None
        self._abort: Callable[[], None] | None = None
        self._listens = True
        self.verdict: tuple[str, str] | None = None  # a sentence, and the seconds in it

    def arm(self, abort: Callable[[], None]) -> None:
        """From now on, `abort` is called when a limit is passed."""
        self._abort = abort
        self._sleep()

    def listen(self) -> None:
        """Somebody waits for the peer; until `pause`, its silence counts."""
        self._listens, self._seen = True, self._loop.time()

    def pause(self) -> None:
        """Nobody waits for the peer: our own slowness is not its silence."""
        self._listens = False

    def beat(self) -> None:
        """Something arrived."""
        self._seen = self._loop.time()

    def begin(self) -> None:
        """The answer has begun; from now on silence may last only `idle_seconds`."""
        self._waits = self._limits.idle_seconds
        if self._handle is not None:
            self._handle.cancel()
            self._sleep()

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._abort = None

    def error(self, name: str) -> EndpointError | None:
        """The error to raise when it was the watchdog who closed the connection."""
        return timed_out(name, self.verdict[0], seconds=self.verdict[1]) if self.verdict else None

    def _sleep(self) -> None:
        self._handle = self._loop.call_at(self._due(), self._look)

    def _due(self) -> float:
        return min(self._seen + self._waits, self._started + self._limits.total_seconds)

    def _look(self) -> None:
        now = self._loop.time()
        if not self._listens:
            self._seen = now
        if now < self._due():
            self._sleep()
        elif self._abort is not None:
            self.verdict = self._complaint(now)
            self._abort()

    def _complaint(self, now: float) -> tuple[str, str]:
        if now >= self._started + self._limits.total_seconds:
            return _("%(name)s was not done after %(seconds)s seconds."), f"{self._limits.total_seconds:g}"
        return _("%(name)s has been silent for %(seconds)s seconds."), f"{self._waits:g}"
