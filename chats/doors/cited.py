"""What an answer cites, for the programs that asked: told once it ended, as its asker may read it then.

cited = await cited_by(plan, text)       nothing, and nobody asked, where it was given no passages
cited.told                               the sources, in the shape of /api/v1
cited.marks                              where the text names them
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chats.plans import RunPlan
from chats.source_shapes import citation
from chats.sources import Source, sources_of
from humana.rendering.citations import Mark, marks_in
from tenants.context import use_tenant
from tenants.models import Membership
from tenants.queries import may_enter
from tenants.threads import in_thread


@dataclass(frozen=True, slots=True)
class Told:
    """`sources` by number: those that may be read now. What may not be is no source for a program."""

    sources: Mapping[int, Source] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()

    @property
    def told(self) -> list[dict[str, Any]]:
        """Each as /api/v1 tells a citation."""
        return [msgspec.to_builtins(citation(one)) for one in self.sources.values()]


NOTHING = Told()


async def cited_by(plan: RunPlan, text: str) -> Told:
    """Once the run has ended, for what an answer cites is known then."""
    return await in_thread(_cited, plan, text) if plan.sources and text else NOTHING


def _cited(plan: RunPlan, text: str) -> Told:
    with use_tenant(plan.context):
        rows = Membership.objects.select_related("user", "organization")
        member = rows.filter(id=plan.member_id).first()
        return told_of(member, plan.message_id, text) if member is not None else NOTHING


def told_of(member: Membership, message_id: uuid.UUID, text: str) -> Told:
    """The same of an answer that was kept, in a context."""
    if not may_enter(member):
        return NOTHING
    found = sources_of(member, [message_id]).get(message_id, [])
    sources = {one.number: one for one in found if one.there}
    return Told(sources, tuple(marks_in(text, sources)))
