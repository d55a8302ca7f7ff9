"""Counts by name, and what follows from them. Pure: of a day, a period, a companion or everybody alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from companions.intelligence.sketch import percentile

#: From so many stars on somebody counts as content.
CONTENT = 4


@dataclass(frozen=True, slots=True)
class Tally:
    """Each figure is None where nothing was there to make it of: nothing is never zero percent."""

    counts: Mapping[str, int] = field(default_factory=dict)

    def get(self, name: str) -> int:
        return self.counts.get(name, 0)

    def all_of(self, prefix: str) -> int:
        """Of every name that begins so."""
        return sum(value for name, value in self.counts.items() if name.startswith(prefix))

    @property
    def answers(self) -> int:
        return self.all_of("answer.")

    @property
    def failed(self) -> int:
        return self.get("answer.failed") + self.get("answer.interrupted")

    @property
    def success(self) -> float | None:
        """Of answers that nobody stopped, the share that came to its end."""
        return _share(self.get("answer.done"), self.get("answer.done") + self.failed)

    @property
    def sessions(self) -> int:
        return self.get("session.chat") + self.get("session.api")

    @property
    def messages(self) -> int:
        return self.all_of("sent.")

    @property
    def shares(self) -> int:
        return self.get("sent.share")

    @property
    def handoffs(self) -> int:
        return self.all_of("handoff.")

    @property
    def accepted(self) -> float | None:
        """Of handoffs that were offered, the share that was accepted."""
        return _share(self.get("handoff.accepted"), self.handoffs)

    @property
    def opinions(self) -> int:
        return self.all_of("vote.") + self.all_of("rating.")

    @property
    def satisfaction(self) -> float | None:
        """Of votes on answers and stars for companions, the share that is good: up, four or five."""
        stars = sum(self.get(f"rating.{number}") for number in range(CONTENT, 6))
        return _share(self.get("vote.up") + stars, self.opinions)

    @property
    def knowledge(self) -> float | None:
        """Of answers that came to their end, the share that was given common knowledge."""
        return _share(min(self.get("knowledge.answer"), self.get("answer.done")), self.get("answer.done"))

    @property
    def tools(self) -> int:
        return self.all_of("tool.")

    @property
    def first_50(self) -> int | None:
        return self._within("first", 0.5)

    @property
    def first_95(self) -> int | None:
        return self._within("first", 0.95)

    @property
    def whole_50(self) -> int | None:
        return self._within("whole", 0.5)

    @property
    def whole_95(self) -> int | None:
        return self._within("whole", 0.95)

    def _within(self, name: str, share: float) -> int | None:
        """Milliseconds in which that share of answers began, or was whole."""
        found = (one.split(".") for one in self.counts if one.startswith(f"{name}."))
        return percentile({int(bucket): self.counts[f"{name}.{bucket}"] for _name, bucket in found}, share)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
