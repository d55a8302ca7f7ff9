"""Looking for one thing in folded text, also while the text is still arriving.

seek(text, begin, final)    the first place that is certain, and from where on nothing is
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from companions.checks.kinds import Check, PatternCheck, PiiCheck
from companions.checks.patterns import compiled, longest_match
from companions.checks.pii import PII

#: So far back a match that is longer than the window is still noticed, when its beginning was shown.
BEHIND = 512
#: Signs that are held back for an expression whose matches have no end of their own.
WINDOW = 256


@dataclass(frozen=True, slots=True)
class Sight:
    """`at` is where something begins, None where nothing was found; `what` names its class.

    What begins at `open_from` or later may still become something as more text arrives.
    """

    at: int | None
    open_from: int
    what: str = ""


class Seeker(Protocol):
    """Looks for what one check names. `behind` is how far before `begin` a match may still begin."""

    @property
    def behind(self) -> int: ...

    def seek(self, text: str, begin: int, final: bool) -> Sight:
        """What begins before `begin` is judged already; `final` says that no more text comes."""
        ...


@dataclass(frozen=True, slots=True)
class PatternSeeker:
    """A match is certain once a longer one could not begin at the same place any more."""

    expression: Any
    longest: int

    @property
    def behind(self) -> int:
        return BEHIND if self.longest == WINDOW else 0

    def seek(self, text: str, begin: int, final: bool) -> Sight:
        open_from = len(text) if final else max(0, len(text) - self.longest)
        places = (one.start() for one in self.expression.finditer(text, begin) if one.end() > one.start())
        return _first(places, open_from)


@dataclass(frozen=True, slots=True)
class PiiSeeker:
    """One class of data about persons."""

    name: str
    behind: int = 0

    def seek(self, text: str, begin: int, final: bool) -> Sight:
        one = PII[self.name]
        open_from = len(text) if final else one.open_from(text)
        places = (start for start, _end in one.spans(text, begin))
        return _first(places, open_from, self.name)


def seekers_of(check: Check) -> Iterator[Seeker]:
    """What looks for it in a text; nothing where another has to judge."""
    if isinstance(check, PatternCheck):
        yield PatternSeeker(compiled(check.pattern), longest_match(check.pattern, WINDOW))
    elif isinstance(check, PiiCheck):
        yield from map(PiiSeeker, check.classes)


def _first(places: Iterator[int], open_from: int, what: str = "") -> Sight:
    first = min((one for one in places if one < open_from), default=None)
    return Sight(first, open_from, what)
