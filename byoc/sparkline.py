"""A row of bars for what the probes said: server-made, no script, and beside it always a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from byoc.queries_health import Bucket

#: The drawing's own units.
WIDE, HIGH, GAP, LEAST = 6, 32, 2, 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour or day. `bad` says that some probe of it was not well."""

    x: int
    y: int
    height: int
    bad: bool
    begins: datetime


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`height` of the whole, `bar` the width of each."""

    bars: tuple[Bar, ...]
    height: int = HIGH
    bar: int = WIDE

    @property
    def width(self) -> int:
        return max(1, len(self.bars)) * (WIDE + GAP)


def sparkline(buckets: Sequence[Bucket]) -> Sparkline:
    """As high as the slower probes took, the slowest of all as high as the drawing."""
    most = max((one.p95 or 0 for one in buckets), default=0) or 1
    return Sparkline(tuple(_bar(number, one, most) for number, one in enumerate(buckets)))


def _bar(number: int, one: Bucket, most: int) -> Bar:
    height = HIGH if one.p95 is None else max(LEAST, round(HIGH * one.p95 / most))
    return Bar(number * (WIDE + GAP), HIGH - height, height, one.bad > 0, one.begins)
