"""How far the pictures of a document are looked at: kept between two portions, and gone on with. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from documents.extraction.contract import Reason

#: Pictures of one document whose reader died of them; what comes after is not looked at.
MOST_DEATHS = 3


@dataclass(slots=True)
class Seen:
    """What was found so far.

    texts     what each picture says that was looked at, in pieces
    unread    the first that was not read, and why; None where all were
    over      nothing more is looked at
    cut       as there was more text than is wanted
    of        how many pictures the last process knew of
    seconds   spent on it
    deaths    pictures that processes died of
    """

    texts: dict[int, list[str]] = field(default_factory=dict)
    unread: tuple[int, Reason] | None = None
    over: bool = False
    cut: bool = False
    of: int = 0
    seconds: float = 0.0
    deaths: int = 0

    @property
    def characters(self) -> int:
        return sum(len(piece) for pieces in self.texts.values() for piece in pieces)

    def not_read(self, number: int, why: Reason) -> None:
        """This one; the others may be."""
        self.texts[number] = []
        if self.unread is None or number < self.unread[0]:
            self.unread = number, why

    def died(self, number: int, why: Reason) -> None:
        self.not_read(number, why)
        self.deaths += 1
        self.over = self.over or self.deaths >= MOST_DEATHS

    def stopped(self, number: int, why: Reason) -> None:
        """Nothing from this one on is read; one before it may not have been either."""
        self.over = True
        self.unread = self.unread or (number, why)

    def anew(self) -> Seen:
        """What was read stays so; for what was not there is as much time as there was at first."""
        return Seen({number: pieces for number, pieces in self.texts.items() if pieces})

    def kept(self) -> dict[str, Any]:
        """As JSON can have it; `again` reads it."""
        texts = [[number, pieces] for number, pieces in self.texts.items()]
        told = {"texts": texts, "unread": self.unread, "over": self.over, "cut": self.cut}
        return {**told, "of": self.of, "seconds": self.seconds, "deaths": self.deaths}


def again(kept: dict[str, Any]) -> Seen:
    """What `kept` said; nothing seen yet where it says nothing."""
    unread = kept.get("unread")
    more = {name: kept[name] for name in ("over", "cut", "of", "seconds", "deaths") if name in kept}
    return Seen(dict(kept.get("texts", ())), (unread[0], unread[1]) if unread else None, **more)
