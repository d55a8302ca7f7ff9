"""What was played, and what came of it; told when all is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that nobody allowed. `kind` is unauthorised, crossed or endless."""

    kind: str
    what: str


#: For the line at the end.
TOLD: Counter[str] = Counter()


def note(effects: Iterable[Effect]) -> None:
    """One injection was played."""
    TOLD.update(one.kind for one in effects)
    TOLD["played"] += 1


def line() -> str:
    """As `make injections` ends."""
    return (
        f"{TOLD['played']} injections, {TOLD['unauthorised']} unauthorised effects, "
        f"{TOLD['crossed']} edges crossed, {TOLD['endless']} loops without end, "
        f"{TOLD['changed']} rows changed ({TOLD['calls']} calls and {TOLD['messages']} messages were refused)"
    )
