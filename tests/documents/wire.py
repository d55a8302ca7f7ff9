"""What is asked of MongoDB, word for word, seen by the driver itself.

A listener can never be taken away from a client that has it, so there is one, and it can be switched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import monitoring

Question = dict[str, Any]


class _Wire(monitoring.CommandListener):
    def __init__(self) -> None:
        self.open: list[list[Question]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        for heard in self.open:
            heard.extend(_questions(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


_wire = _Wire()
monitoring.register(_wire)


def _questions(command: Any) -> list[Question]:
    """What the command asks for, or writes; none of those that concern no entry."""
    what = next(iter(command))
    asked: list[Question] = {
        "find": lambda: [command["filter"]],
        "findAndModify": lambda: [command["query"]],
        "aggregate": lambda: [command["pipeline"][0]["$match"]],
        "delete": lambda: [one["q"] for one in command["deletes"]],
        "update": lambda: [part for one in command["updates"] for part in (one["q"], one["u"])],
        "insert": lambda: list(command["documents"]),
        "createIndexes": list,
        "endSessions": list,
    }[what]()
    return asked


@contextmanager
def listening() -> Iterator[list[Question]]:
    heard: list[Question] = []
    _wire.open.append(heard)
    try:
        yield heard
    finally:
        _wire.open.remove(heard)
