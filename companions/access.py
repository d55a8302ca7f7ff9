"""Who may reach whom, and for what. Pure: data in, an edge out, no Django.

    computed       who is reached      everyone · its department · its team with all below · only who is named
                   what for            to share and to ask, by whoever reaches it; to hand work over, by
                                       whoever does not stand below it in the hierarchy
    explicit       a rule of the organization for a pair allows or denies, all rights or some

A denial goes before what is allowed, and that before what is computed. Nothing is ever wider than what
the sender may do itself: `within` narrows an edge to it, and a message sent on is narrowed to what
everyone it came from may do.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Right(StrEnum):
    """What one companion may do towards another."""

    SHARE = "share"
    ASK = "ask"
    HAND_OFF = "hand_off"


ALL = frozenset(Right)
NONE: frozenset[Right] = frozenset()
#: What each kind of message needs.
NEEDED = {
    "knowledge_share": Right.SHARE,
    "collaboration_request": Right.ASK,
    "workflow_handoff": Right.HAND_OFF,
}


@dataclass(frozen=True, slots=True)
class Party:
    """A companion as an end of an edge. `level` is its position's, 0 the top; None without one."""

    id: uuid.UUID
    team: uuid.UUID | None = None
    level: int | None = None
    access: str = "public"
    works: bool = True


@dataclass(frozen=True)
class Structure:
    """The teams of an organization: what each is part of, and which are departments."""

    parents: Mapping[uuid.UUID, uuid.UUID | None] = field(default_factory=dict)
    departments: frozenset[uuid.UUID] = frozenset()
    _lines: dict[uuid.UUID | None, tuple[uuid.UUID, ...]] = field(default_factory=dict, compare=False)

    def line(self, team: uuid.UUID | None) -> tuple[uuid.UUID, ...]:
        """A team and all it is part of, the nearest first; nothing for a team that is gone."""
        if team not in self._lines:
            self._lines[team] = self._climb(team)
        return self._lines[team]

    def department(self, team: uuid.UUID | None) -> uuid.UUID | None:
        """The nearest department; where none is marked, the topmost team."""
        line = self.line(team)
        return next((one for one in line if one in self.departments), line[-1] if line else None)

    def _climb(self, team: uuid.UUID | None) -> tuple[uuid.UUID, ...]:
        found: list[uuid.UUID] = []
        while team is not None and team in self.parents and team not in found:
            found.append(team)
            team = self.parents[team]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Rule:
    """From one companion to another or to a team with all below it; empty `rights` are all."""

    source: uuid.UUID
    aim: uuid.UUID
    allow: bool
    rights: frozenset[Right] = ALL


@dataclass(frozen=True, slots=True)
class Edge:
    """`rights` that one companion has towards another; `why`, for each right, a code that says so."""

    rights: frozenset[Right]
    why: Mapping[Right, str]

    def within(self, own: frozenset[Right], reason: str) -> Edge:
        """No wider than `own`; `reason` says whose that is."""
        lost = self.rights - own
        return Edge(self.rights & own, {**self.why, **dict.fromkeys(lost, reason)}) if lost else self

    def reason(self, right: Right) -> str:
        return self.why[right]


def edge(sender: Party, recipient: Party, structure: Structure, rules: Iterable[Rule] = ()) -> Edge:
    """What `sender` may do towards `recipient`; `rules` of others do not matter and may be there."""
    if sender.id == recipient.id:
        return _nothing("itself")
    if not (sender.works and recipient.works):
        return _nothing("paused")
    reached, reason = _reached(sender, recipient, structure)
    above = _stands_below(sender, recipient)
    why = {right: "above" if reached and above and right is Right.HAND_OFF else reason for right in Right}
    rights = (ALL - {Right.HAND_OFF} if above else ALL) if reached else NONE
    return _ruled(Edge(rights, why), recipient, structure, [one for one in rules if one.source == sender.id])


def _reached(sender: Party, recipient: Party, structure: Structure) -> tuple[bool, str]:
    """Whether it is reached at all, by its access level, and the code that says why or why not."""
    if recipient.access == "public":
        return True, "public"
    if recipient.access == "department":
        theirs = structure.department(recipient.team)
        same = theirs is not None and theirs == structure.department(sender.team)
        return same, "same_department" if same else "other_department"
    if recipient.access == "team":
        inside = recipient.team in structure.line(sender.team)
        return inside, "same_team" if inside else "other_team"
    return False, "restricted"


def _stands_below(sender: Party, recipient: Party) -> bool:
    """Who has no position is nobody's superior and nobody's subordinate."""
    return sender.level is not None and recipient.level is not None and recipient.level < sender.level


def _ruled(computed: Edge, recipient: Party, structure: Structure, rules: list[Rule]) -> Edge:
    aims = {recipient.id, *structure.line(recipient.team)} if rules else ()
    ours = [rule for rule in rules if rule.aim in aims]
    allowed = _united(rule for rule in ours if rule.allow)
    denied = _united(rule for rule in ours if not rule.allow)
    why = {**computed.why, **dict.fromkeys(allowed, "allowed"), **dict.fromkeys(denied, "denied")}
    return Edge((computed.rights | allowed) - denied, why)


def _united(rules: Iterable[Rule]) -> frozenset[Right]:
    return frozenset(right for rule in rules for right in rule.rights)


def _nothing(reason: str) -> Edge:
    return Edge(NONE, dict.fromkeys(Right, reason))
