"""Whether a message may go along an edge: asked when it is sent, and again when it is delivered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from companions.access import NEEDED, Edge, Right, Rule, edge
from companions.models import CompanionMessage
from companions.network import GONE, Network, rights_named

#: No line is longer, however many hops an organization allows (`messages.hops`).
LONGEST_LINE = 21


@dataclass(frozen=True, slots=True)
class Case:
    """A message to be judged: who sends what, what it follows (the nearest first), what its member may."""

    sender_id: uuid.UUID | None
    kind: str
    line: Sequence[CompanionMessage]
    own: frozenset[Right]

    @property
    def right(self) -> Right:
        return NEEDED[self.kind]

    @property
    def senders(self) -> set[uuid.UUID]:
        """Everybody it comes from: none of them reaches through another whom it does not reach itself."""
        return {one for one in (self.sender_id, *(it.sender_id for it in self.line)) if one is not None}

    def towards(self, recipient_id: uuid.UUID | None, between: Network) -> Edge:
        """What the sender may do towards that companion with this message."""
        if self.answers(recipient_id):
            return self._answering(recipient_id, between)
        found = between.edge(self.sender_id, recipient_id)
        for one in self.line:
            if one.sender_id != recipient_id and one.sender_id != self.sender_id:
                found = found.within(between.edge(one.sender_id, recipient_id).rights, "not_yours")
            found = found.within(rights_named(one.permissions), "not_granted")
        return found.within(self.own, "not_yours")

    def answers(self, recipient_id: uuid.UUID | None) -> bool:
        """Whether it tells a companion what came of what that one asked for, or handed over."""
        asked = self.line[0] if self.line else None
        return (
            asked is not None
            and self.kind == CompanionMessage.Kind.KNOWLEDGE_SHARE
            and asked.kind != CompanionMessage.Kind.KNOWLEDGE_SHARE
            and recipient_id is not None
            and asked.sender_id == recipient_id
        )

    def _answering(self, recipient_id: uuid.UUID | None, between: Network) -> Edge:
        """Who may ask is answered, unless the organization denies it."""
        ends = [between.parties.get(one) for one in (self.sender_id, recipient_id) if one is not None]
        if len(ends) < 2 or ends[0] is None or ends[1] is None:
            return GONE
        asked_for = Rule(ends[0].id, ends[1].id, allow=True, rights=frozenset({Right.SHARE}))
        rules = [*between.rules.get(ends[0].id, ()), asked_for]
        return edge(ends[0], ends[1], between.structure, rules).within(self.own, "not_yours")


def line_of(parent: CompanionMessage | None) -> list[CompanionMessage]:
    """The message and all that it follows, the nearest first; one query, a trace is small."""
    if parent is None:
        return []
    of_trace = CompanionMessage.objects.filter(trace_id=parent.trace_id).defer("payload")
    by_id = {one.id: one for one in of_trace}
    line: list[CompanionMessage] = []
    step: CompanionMessage | None = parent
    while step is not None and len(line) < LONGEST_LINE:
        line.append(step)
        step = by_id.get(step.parent_id) if step.parent_id else None
    return line
