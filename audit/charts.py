"""Days as bars, drawn on the server; the table stands beside it (templates/companions/_chart.html)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The drawing's own units; it is stretched to the page's width.
WIDE, HIGH = 600, 160


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    kind: str  # a class of the style sheet


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is the value at the upper edge; half of it stands halfway."""

    top: int
    bars: tuple[Bar, ...] = ()
    lines: tuple[Bar, ...] = ()
    wide: int = WIDE
    high: int = HIGH

    @property
    def half(self) -> float:
        return self.top / 2


def stacked(rows: Sequence[Sequence[int]], kinds: Sequence[str]) -> Chart:
    """A bar for each row, its parts one upon the other."""
    top = _round_up(max((sum(row) for row in rows), default=0))
    step = WIDE / max(1, len(rows))
    bars: list[Bar] = []
    for number, row in enumerate(rows):
        y = float(HIGH)
        for part, kind in zip(row, kinds, strict=True):
            height = HIGH * part / top
            y -= height
            if part:
                bars.append(_bar(number * step + step * 0.14, y, step * 0.72, height, kind))
    return Chart(top, tuple(bars))


def _bar(x: float, y: float, width: float, height: float, kind: str) -> Bar:
    return Bar(round(x, 2), round(y, 2), round(max(1.0, width), 2), round(height, 2), kind)


def _round_up(value: int) -> int:
    """To a number that half of is easily read: 2, 4, 10, 20, 40 …"""
    ten = 1
    while True:
        for one in (2, 4, 6, 10):
            if value <= one * ten:
                return one * ten
        ten *= 10
