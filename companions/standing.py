"""Teams and positions as pages show them: a tree, with how many stand on each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from companions.services.structure import standing_on
from tenants.queries import members, positions, teams
from tenants.structure import Placed, Standing, in_order


@dataclass(slots=True)
class Node:
    """A team or a position, and those below it."""

    row: Any
    members: int
    standing: Standing
    below: list[Node] = field(default_factory=list)


def teams_standing() -> list[Node]:
    """The topmost teams by name, each with those below it."""
    return _tree(in_order(list(teams()), "parent_id"), "team")


def positions_standing() -> list[Node]:
    """The topmost positions, each with those that report to it."""
    return _tree(in_order(list(positions()), "reports_to_id"), "position")


def _tree(placed: list[Placed[Any]], kind: str) -> list[Node]:
    found, counted = standing_on(kind), _members(f"{kind}_id")
    nodes = [
        (one.depth, Node(one.row, counted.get(one.row.id, 0), found.get(one.row.id, Standing())))
        for one in placed
    ]
    tops: list[Node] = []
    line: list[Node] = []
    for depth, node in nodes:
        del line[depth:]
        (line[-1].below if line else tops).append(node)
        line.append(node)
    return tops


def _members(column: str) -> dict[uuid.UUID, int]:
    rows = members().order_by().exclude(**{column: None}).values(column)
    return dict(rows.annotate(number=Count("id")).values_list(column, "number"))
