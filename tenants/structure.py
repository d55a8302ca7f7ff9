"""Teams and positions as trees. Pure: what each is under goes in, an order or a circle comes out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
Parents = Mapping[uuid.UUID, uuid.UUID | None]

#: How many teams, and how many positions, one organization may have.
MOST = 1000
#: How many of them stand one below another, the topmost counted.
DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Standing:
    """What of the higher floors names a team or a position: how many companions and access rules, and the
    names of the policies whose audience it is in.
    """

    companions: int = 0
    policies: tuple[str, ...] = ()
    rules: int = 0


@dataclass(frozen=True, slots=True)
class Placed(Generic[Row]):
    """A row with how many stand above it."""

    row: Row
    depth: int


def line(parents: Parents, at: uuid.UUID | None) -> tuple[uuid.UUID, ...]:
    """One and all above it, the nearest first; a circle ends where it began."""
    found: list[uuid.UUID] = []
    while at is not None and at not in found:
        found.append(at)
        at = parents.get(at)
    return tuple(found)


def below(parents: Parents, top: uuid.UUID) -> set[uuid.UUID]:
    """One and all below it."""
    found, waiting, under = set(), [top], _under(parents)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += under.get(one, [])
    return found


def circle(parents: Parents, one: uuid.UUID, parent: uuid.UUID | None) -> tuple[uuid.UUID, ...]:
    """From `one` over `parent` up to `one` again, if it were put there; nothing where that is no circle."""
    above = line(parents, parent)
    return (one, *above[: above.index(one) + 1]) if one in above else ()


def depth(parents: Parents, one: uuid.UUID, parent: uuid.UUID | None) -> int:
    """How deep the tree would reach below `parent`, were `one` put there with all below it."""
    return len(line(parents, parent)) + _height(_under(parents), one)


def in_order(rows: Sequence[Row], key: str) -> list[Placed[Row]]:
    """Each row after the one it is under, which `key` names, those of one level in the order they came in.

    What is in a circle, or under what is not there, stands at the top.
    """
    known: dict[uuid.UUID, Row] = {row.id: row for row in rows}  # type: ignore[attr-defined]
    parents: Parents = {one: getattr(row, key) for one, row in known.items()}
    under = _under(parents)
    tops = [one for one in known if parents[one] not in known]
    found = [placed for top in tops for placed in _walk(known, under, top, 0)]
    seen = {placed.row.id for placed in found}  # type: ignore[attr-defined]
    return [*found, *(Placed(row, 0) for one, row in known.items() if one not in seen)]


def _walk(
    known: Mapping[uuid.UUID, Row], under: Mapping[uuid.UUID, list[uuid.UUID]], one: uuid.UUID, depth: int
) -> Iterator[Placed[Row]]:
    yield Placed(known[one], depth)
    for child in under.get(one, []):
        yield from _walk(known, under, child, depth + 1)


def _under(parents: Parents) -> dict[uuid.UUID, list[uuid.UUID]]:
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for one, parent in parents.items():
        if parent is not None:
            found.setdefault(parent, []).append(one)
    return found


def _height(under: Mapping[uuid.UUID, Iterable[uuid.UUID]], top: uuid.UUID) -> int:
    """Levels of the tree below and with `top`; one that is a circle already is not followed round."""
    level, height, seen = {top}, 0, {top}
    while level:
        height += 1
        level = {child for one in level for child in under.get(one, ())} - seen
        seen |= level
    return height
