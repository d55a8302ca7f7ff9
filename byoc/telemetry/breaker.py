"""How long a lane leaves an endpoint alone that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OPENS_AT = 3  # failures in a row
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds; doubled each time


@dataclass(slots=True)
class Breaker:
    """Closed while all is well; open for longer each time; then one batch is tried."""

    failures: int = 0
    again_at: float = 0.0

    def state(self, now: float) -> Literal["closed", "open", "half-open"]:
        if self.failures < OPENS_AT:
            return "closed"
        return "open" if now < self.again_at else "half-open"

    def allows(self, now: float) -> bool:
        return now >= self.again_at

    def succeeded(self) -> None:
        self.failures, self.again_at = 0, 0.0

    def failed(self, now: float, retry_after: float | None = None) -> None:
        self.failures += 1
        pause = min(FIRST_PAUSE * 2 ** min(self.failures - 1, 10), LONGEST_PAUSE)
        self.again_at = now + max(pause, retry_after or 0.0)
