"""Who is told what is shared, and who is given a capability. Pure: data in, an answer out, no Django.

    level       everyone in the organization · the department of its team · its team with all below · only
                who is named
    explicit    a rule for one companion or person allows or denies; a companion may be kept from the whole
                common base

A denial goes before what is allowed, and that before the level, as in `companions.access`. How widely
something may be shared follows from where the sharer stands; nothing is ever wider than that.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from companions.access import Structure

#: From the narrowest to the widest.
LEVELS = ("restricted", "team", "department", "public")
NOBODY: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Item:
    """What is shared: an asset or a capability. `common` is the base that everyone has."""

    id: uuid.UUID
    level: str
    team: uuid.UUID | None = None
    common: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """What one companion or person is told: the teams around it, and the rules that name it.

    `line` is its team and all above, `department` the teams of its department. `all` is told everything:
    whoever may edit it. `own` are those it wrote itself.
    """

    line: frozenset[uuid.UUID] = NOBODY
    department: frozenset[uuid.UUID] = NOBODY
    allowed: frozenset[uuid.UUID] = NOBODY
    denied: frozenset[uuid.UUID] = NOBODY
    no_common: bool = False
    all: bool = False
    own: frozenset[uuid.UUID] = NOBODY

    def why(self, item: Item) -> tuple[bool, str]:
        """Whether it is told, and the code that says why or why not."""
        if self.all:
            return True, "editor"
        if item.id in self.denied:
            return False, "excluded"
        if item.id in self.own:
            return True, "author"
        if item.id in self.allowed:
            return True, "named"
        if self.no_common and item.common:
            return False, "no_common"
        return self._by_level(item)

    def _by_level(self, item: Item) -> tuple[bool, str]:
        if item.level == "public":
            return True, "everyone"
        if item.level == "department":
            same = item.team in self.department
            return same, "in_department" if same else "not_in_department"
        if item.level == "team":
            inside = item.team in self.line
            return inside, "in_team" if inside else "not_in_team"
        return False, "not_named"


def around(team: uuid.UUID | None, structure: Structure) -> tuple[frozenset[uuid.UUID], frozenset[uuid.UUID]]:
    """The line of a team and the teams of its department; nothing for a team that is gone."""
    home = structure.department(team)
    if home is None:
        return NOBODY, NOBODY
    same = frozenset(one for one in structure.parents if structure.department(one) == home)
    return frozenset(structure.line(team)), same


def widest(team: uuid.UUID | None, level: int | None, access: str = "public") -> str:
    """How widely somebody who stands there may share: `level` is its position's, 0 the top.

    Who has no team stands for the whole organization, as does the top; heads share with the department,
    everybody else with the team. A companion shares no more widely than it is reached itself.
    """
    by_level = {0: "public", 1: "department"}
    place = "public" if team is None else by_level.get(-1 if level is None else level, "team")
    return narrowest([place, access])


def narrowest(levels: Iterable[str]) -> str:
    return min(levels, key=LEVELS.index)


def is_within(level: str, most: str) -> bool:
    """Whether a level is no wider than another."""
    return LEVELS.index(level) <= LEVELS.index(most)
