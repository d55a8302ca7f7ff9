"""Bars and lines, drawn on the server; each has its table beside it (templates/companions/_chart.html)."""

from __future__ import annotations

import math
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
class Line:
    """`points` of each stretch without a gap, as SVG has them."""

    kind: str
    stretches: tuple[str, ...]
    dots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is the value at the upper edge; half of it stands halfway."""

    top: float
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    wide: int = WIDE
    high: int = HIGH

    @property
    def half(self) -> float:
        return self.top / 2


def stacked(rows: Sequence[Sequence[int]], kinds: Sequence[str]) -> Chart:
    """A bar for each row, its parts one upon the other."""
    top = _round_up(max((sum(row) for row in rows), default=0))
    step = WIDE / max(1, len(rows))
    width = round(max(1.0, step * 0.72), 2)
    bars: list[Bar] = []
    for number, row in enumerate(rows):
        y = float(HIGH)
        for part, kind in zip(row, kinds, strict=True):
            height = HIGH * part / top
            y -= height
            if part:
                bars.append(
                    Bar(
                        round(number * step + (step - width) / 2, 2),
                        round(y, 2),
                        width,
                        round(height, 2),
                        kind,
                    )
                )
    return Chart(top, bars=tuple(bars))


def lined(rows: Sequence[Sequence[float | None]], kinds: Sequence[str]) -> Chart:
    """A line for each kind; where there is no value it breaks off."""
    top = _round_up(max((one for row in rows for one in row if one is not None), default=0))
    step = WIDE / max(1, len(rows))
    lines = [_line([row[n] for row in rows], kind, step, top) for n, kind in enumerate(kinds)]
    return Chart(top, lines=tuple(lines))


def _line(values: Sequence[float | None], kind: str, step: float, top: float) -> Line:
    stretches: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append((round((number + 0.5) * step, 2), round(HIGH * (1 - value / top), 2)))
    drawn = tuple(" ".join(f"{x},{y}" for x, y in one) for one in stretches if len(one) > 1)
    return Line(kind, drawn, tuple(one[0] for one in stretches if len(one) == 1))


def _round_up(value: float) -> float:
    """To a number that half of is easily read: 1, 2, 4, 6, 10, 20 …"""
    if value <= 2:
        return 2
    scale = 10 ** math.floor(math.log10(value))
    return next(step * scale for step in (1, 2, 4, 6, 8, 10, 20) if step * scale >= value)
