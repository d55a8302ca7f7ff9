"""The graph of who turns to whom, drawn on the server; its table stands beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from companions.intelligence.reading import Between, Known

#: The square, its circle, and how many companions it shows.
SIDE, RADIUS, MOST = 360, 120, 12
#: Room for a name above and below.
NAME = 36


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
