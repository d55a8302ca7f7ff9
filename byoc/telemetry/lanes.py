"""What waits to be sent: one short queue per organization and signal.

Whoever's endpoint is dead fills its own lane, and the oldest there goes. When all lanes together hold
too much, the longest gives way: never the lane of somebody whose endpoint answers.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from byoc.contracts import EndpointSpec, Signal
from byoc.telemetry.breaker import Breaker

PER_LANE = 1_000  # things; a span holds about 2 KB
IN_ALL = 10_000
SHED = 100  # how many the longest lane loses at once
BATCH = 256  # things in one request


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose work it tells of: an organization, what it is called now, and the zone it does not leave."""

    id: uuid.UUID
    namespace: str
    zone: str = ""


#: Things are spans, lines, or (for metrics) nothing: the numbers are kept elsewhere. An owner is named
#: only in the platform's own lanes, which carry what belongs to several.
Waiting: TypeAlias = tuple[Owner | None, Any]
Dropped: TypeAlias = Callable[[uuid.UUID | None, Signal, str, int], None]


@dataclass(slots=True, eq=False)
class Lane:
    organization_id: uuid.UUID | None
    signal: Signal
    items: deque[Waiting] = field(default_factory=deque)
    breaker: Breaker = field(default_factory=Breaker)
    busy: bool = False
    sent_to: EndpointSpec | None = None


class Lanes:
    """For every thread; nothing here waits for anything but a moment's lock."""

    def __init__(self, dropped: Dropped) -> None:
        self._dropped = dropped
        self._lock = threading.Lock()
        self._lanes: dict[tuple[uuid.UUID | None, Signal], Lane] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, organization_id: uuid.UUID | None, signal: Signal, *items: Waiting) -> bool:
        """True when there is enough for a request."""
        lost: list[tuple[Lane, int]] = []
        with self._lock:
            lane = self._lane(organization_id, signal)
            for item in items:
                if len(lane.items) >= PER_LANE:
                    lost.append(self._shed(lane, 1))
                elif self._count >= IN_ALL:
                    lost.append(self._shed(max(self._lanes.values(), key=lambda one: len(one.items)), SHED))
                lane.items.append(item)
                self._count += 1
            full = len(lane.items) >= BATCH
        self._told(lost)
        return full

    def put_back(self, lane: Lane, items: list[Waiting]) -> None:
        """What could not be sent stands first again, as far as there is room; the oldest goes."""
        with self._lock:
            room = max(0, min(PER_LANE - len(lane.items), IN_ALL - self._count))
            kept = items[-room:] if room else []
            lane.items.extendleft(reversed(kept))
            self._count += len(kept)
        if len(items) > len(kept):
            self._dropped(lane.organization_id, lane.signal, "full", len(items) - len(kept))

    def take(self, lane: Lane, most: int = BATCH) -> list[Waiting]:
        with self._lock:
            taken = [lane.items.popleft() for _ in range(min(most, len(lane.items)))]
            self._count -= len(taken)
        return taken

    def waiting(self) -> list[Lane]:
        """Lanes with something in them that nobody is sending; those that are done with are forgotten."""
        with self._lock:
            for key, lane in list(self._lanes.items()):
                if not lane.items and not lane.busy and not lane.breaker.failures:
                    del self._lanes[key]
            return [lane for lane in self._lanes.values() if lane.items and not lane.busy]

    def busy(self) -> bool:
        with self._lock:
            return any(lane.busy for lane in self._lanes.values())

    def lane(self, organization_id: uuid.UUID | None, signal: Signal) -> Lane:
        with self._lock:
            return self._lane(organization_id, signal)

    def _lane(self, organization_id: uuid.UUID | None, signal: Signal) -> Lane:
        key = (organization_id, signal)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(organization_id, signal)
        return lane

    def _shed(self, lane: Lane, many: int) -> tuple[Lane, int]:
        gone = min(many, len(lane.items))
        for _ in range(gone):
            lane.items.popleft()
        self._count -= gone
        return lane, gone

    def _told(self, lost: Iterable[tuple[Lane, int]]) -> None:
        for lane, gone in lost:
            self._dropped(lane.organization_id, lane.signal, "full", gone)
