"""Keeps started parts running, and stops them in a given order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from humana.embedded.process import CannotStart, Child
from humana.kernel.errors import Misconfigured

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)  # before each new try; after the last we give up
STEADY = 60.0  # a part that lived this long starts counting anew


class PartDied(Misconfigured):
    """A part ended that we cannot, or may no longer, bring back."""


@dataclass
class Part:
    """`vital` parts hold data: when one ends by itself nothing is restarted, we stop."""

    name: str
    child: Child
    start: Callable[[], Child]
    vital: bool = False
    tries: int = 0
    retry_at: float = 0.0


class Supervisor:
    """`say` prints one line for the person at the terminal."""

    def __init__(self, say: Callable[[str], None], *, stop_order: Sequence[str]) -> None:
        self.say = say
        self.stop_order = stop_order
        self.parts: list[Part] = []

    def add(self, name: str, start: Callable[[], Child], *, vital: bool = False) -> Child:
        """Start a part and watch over it from now on."""
        child = start()
        self.parts.append(Part(name, child, start, vital))
        return child

    def watch(self) -> None:
        """Look once at every part; raises PartDied when it is time to stop."""
        for part in self.parts:
            if not part.child.alive:
                self._mend(part)
            elif part.tries and time.monotonic() - part.child.started > STEADY:
                part.tries = 0

    def stop(self) -> None:
        """Stop what runs, one after the other."""
        for part in self._leaving():
            if not part.child.stop():
                self.say(f"{part.name} did not stop by itself and was ended")
        self.parts.clear()

    def kill(self) -> None:
        """Stop at once; the parts that keep data are asked, not killed."""
        for part in self._leaving():
            if not part.vital:
                part.child.stop(patience=0)
        self.stop()

    def _leaving(self) -> list[Part]:
        return sorted(self.parts, key=lambda part: self.stop_order.index(part.name))

    def _mend(self, part: Part) -> None:
        code = part.child.process.returncode
        if part.vital or part.tries >= len(PAUSES):
            raise PartDied(f"{part.name} ended by itself ({code}):\n{part.child.tail()}")
        now = time.monotonic()
        if not part.retry_at:
            pause = PAUSES[part.tries]
            part.retry_at = now + pause
            self.say(f"{part.name} ended by itself ({code}); again in {pause:.0f} s")
        elif now >= part.retry_at:
            part.retry_at = 0.0
            part.tries += 1
            self._restart(part)

    def _restart(self, part: Part) -> None:
        try:
            part.child = part.start()
        except CannotStart:
            return  # the dead child stays in place: the next look plans the next try
        self.say(f"{part.name} runs again; its log is {part.child.log}")
