"""One process that reads, from its start to its end: what it says, and why it stopped where it did."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from documents.extraction.contract import CannotRead, Picture, Section, Unseen
from documents.extraction.process import Reader

log = logging.getLogger(__name__)
Heard = Section | Picture | Unseen | tuple[int, int]


class Hearing:
    """Iterate it once. Raises CannotRead where the process did not come to its end.

    cut   it had more, and was told that this is enough
    """

    def __init__(self, reader: Reader) -> None:
        self.cut = False
        self._reader = reader

    def __iter__(self) -> Iterator[Heard]:
        ended = False
        try:
            for message in self._reader.messages():
                if message == "cut":
                    self.cut = True
                elif isinstance(message, str):
                    ended = True
                    break
                else:
                    yield message
        finally:
            why = self._reader.end()
        if not ended:
            if why == "failed":
                log.error("the process that reads files ended before it began: can this machine confine one?")
            raise CannotRead(why)
