"""Drawings made on the server: bars, lines, the graph of who turns to whom. Each has its table beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from companions.intelligence.reading import Between, Known

#: The drawing's own units; it is stretched to the page's width.
WIDE, HIGH = 600, 160
#: Of the graph: the square, its circle, and how many companions it shows.
SIDE, RADIUS, MOST = 360, 120, 12
#: Room for a name above and below.
NAME = 36


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


@dataclass(frozen=True, slots=True)
class Node:
    companion: Known
    x: float
    y: float
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Arc:
    """From one to the other, bent, so that both ways can be told apart; `weight` from 1 to 5."""

    path: str
    weight: int
    title: str


@dataclass(frozen=True, slots=True)
class Graph:
    """`left_out` companions are only in the table."""

    nodes: tuple[Node, ...]
    arcs: tuple[Arc, ...]
    left_out: int
    side: int = SIDE

    @property
    def top(self) -> int:
        """Where the drawing begins, a name's height above the first companion."""
        return round(min((one.y for one in self.nodes), default=0)) - NAME

    @property
    def high(self) -> int:
        return round(max((one.y for one in self.nodes), default=SIDE)) + NAME - self.top


def graph(pairs: Sequence[Between]) -> Graph:
    """Those who hand conversations on, or else turn to each other, in a circle; the busiest dozen."""
    shown = [one for one in pairs if one.handoffs] or list(pairs)
    weight = {id(one): one.handoffs or one.number for one in shown}
    busy: dict[Known, int] = {}
    for one in shown:
        for end in (one.giver, one.taker):
            busy[end] = busy.get(end, 0) + weight[id(one)]
    chosen = sorted(busy, key=lambda one: (-busy[one], one.name))[:MOST]
    nodes = {one: _node(one, number, len(chosen)) for number, one in enumerate(chosen)}
    most = max(weight.values(), default=1)
    arcs = [
        _arc(nodes[one.giver], nodes[one.taker], weight[id(one)], most)
        for one in shown
        if one.giver in nodes and one.taker in nodes
    ]
    return Graph(tuple(nodes.values()), tuple(arcs), len(busy) - len(chosen))


def _node(one: Known, number: int, of: int) -> Node:
    turn = 2 * math.pi * number / max(1, of) - math.pi / 2
    x, y = SIDE / 2 + RADIUS * math.cos(turn), SIDE / 2 + RADIUS * math.sin(turn)
    below = math.sin(turn) > 0.1
    return Node(one, round(x, 1), round(y, 1), round(x, 1), round(y + (26 if below else -16), 1), "middle")


def _arc(giver: Node, taker: Node, number: int, most: int) -> Arc:
    middle = ((giver.x + taker.x) / 2, (giver.y + taker.y) / 2)
    across = (taker.y - giver.y, giver.x - taker.x)
    bend = (middle[0] + across[0] * 0.18, middle[1] + across[1] * 0.18)
    end = _short_of(taker, bend)
    path = f"M{giver.x:.1f},{giver.y:.1f} Q{bend[0]:.1f},{bend[1]:.1f} {end[0]:.1f},{end[1]:.1f}"
    title = f"{giver.companion.name} → {taker.companion.name}: {number}"
    return Arc(path, 1 + round(4 * number / most), title)


def _short_of(node: Node, bend: tuple[float, float]) -> tuple[float, float]:
    """The arrow ends before the circle that it points at."""
    dx, dy = bend[0] - node.x, bend[1] - node.y
    length = math.hypot(dx, dy) or 1
    return node.x + dx / length * 14, node.y + dy / length * 14
