"""Capabilities: make, edit, remove. The next answer follows a change; who is given one is counted after."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from django.utils import timezone
from django.utils.translation import gettext as _

from companions.models import Capability, KnowledgeAsset
from companions.models.knowledge import Level
from companions.permissions import CAPABILITIES
from companions.services.beneficiaries import recount_later
from companions.services.editing import announce, apply, hold, judge, line
from companions.services.knowledge import clean_level, clean_team
from humana.kernel.errors import Invalid, NotFound
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic

MOST_INSTRUCTIONS = 4_000
Kind = Capability.Kind


class More(TypedDict, total=False):
    """Of `instructions`, `asset_id` and `tool_id` each kind has one: a skill, knowledge, an integration or
    a tool. Without a level every companion is given it.
    """

    description: str
    instructions: str
    asset_id: uuid.UUID | None
    tool_id: uuid.UUID | None
    level: str
    team_id: uuid.UUID | None


class Changes(More, total=False):
    """What can be edited; what is not given stays as it is."""

    name: str


def add_capability(
    *, member: Membership | None = None, kind: str, name: str, **more: Unpack[More]
) -> Capability:
    """A capability that companions have from their next answer on, as its level says."""
    judge(member, CAPABILITIES)
    if kind not in Kind.values:
        raise Invalid(_("Choose one of the kinds offered."), field="kind", code="unknown")
    return _keep(Capability(kind=kind), {"name": name, **more})


def edit_capability(
    *,
    member: Membership | None = None,
    capability: Capability,
    version: int | None = None,
    **changes: Unpack[Changes],
) -> Capability:
    """Change what is given; the kind stays."""
    judge(member, CAPABILITIES)
    with at_main(), tenant_atomic():
        return _keep(hold(Capability.objects.all(), capability.id, version), changes)


def remove_capability(
    *, member: Membership | None = None, capability: Capability, version: int | None = None
) -> None:
    """No companion is given it any more; it can be brought back."""
    by = judge(member, CAPABILITIES)
    with at_main(), tenant_atomic():
        row = hold(Capability.objects.all(), capability.id, version)
        _change(row, "removed", {"removed_at": timezone.now(), "removed_by": by})


def bring_back(*, member: Membership | None = None, capability: Capability) -> Capability:
    """Undo a removal."""
    judge(member, CAPABILITIES)
    with at_main(), tenant_atomic():
        row = hold(Capability.everything.all(), capability.id)
        if row.removed_at is not None:
            _change(row, "restored", {"removed_at": None, "removed_by": None})
    return row


def _keep(row: Capability, changes: Mapping[str, Any]) -> Capability:
    with at_main(), tenant_atomic():
        changed = apply(row, {name: _CLEANERS[name](value) for name, value in changes.items()})
        fresh = row._state.adding
        if not (fresh or changed):
            return row
        _check(row)
        row.version = 1 if fresh else row.version + 1
        row.save()
        announce("kept", "capability", row, name=row.name, of=row.kind, level=row.level, changed=changed)
        recount_later(row.id)
    return row


def _change(row: Capability, action: str, wanted: Mapping[str, Any]) -> None:
    apply(row, wanted)
    row.version += 1
    row.save()
    announce(action, "capability", row, name=row.name)
    recount_later(row.id)


def _check(row: Capability) -> None:
    """Each kind refers to one thing, and to nothing else."""
    wanted = {Kind.SKILL: "instructions", Kind.KNOWLEDGE: "asset_id"}.get(Kind(row.kind), "tool_id")
    for field in ("instructions", "asset_id", "tool_id"):
        if field != wanted and getattr(row, field):
            message = _("A capability of this kind does not have this.")
            raise Invalid(message, field=field, code="not_of_this_kind")
    if wanted == "instructions" and not row.instructions:
        raise Invalid(_("Write what companions are to do."), field="instructions", code="empty")
    if wanted == "asset_id" and row.asset_id is None:
        raise Invalid(_("Choose the knowledge that this is about."), field="asset_id", code="empty")
    if row.level in (Level.TEAM, Level.DEPARTMENT) and row.team_id is None:
        raise Invalid(_("Choose the team that this is for."), field="team_id", code="no_team")


def _asset(asset_id: uuid.UUID | None) -> uuid.UUID | None:
    with at_main():
        if asset_id is not None and not KnowledgeAsset.objects.filter(id=asset_id).exists():
            raise NotFound(_("There is nothing here."), field="asset_id")
    return asset_id


_CLEANERS: dict[str, Any] = {
    "name": lambda text: line(text, field="name", limit=80),
    "description": lambda text: line(text, field="description", limit=400, required=False),
    "instructions": lambda text: clean_text(
        text, field="instructions", limit=MOST_INSTRUCTIONS, required=False
    ).strip(),
    "asset_id": _asset,
    "tool_id": lambda tool_id: tool_id,
    "level": clean_level,
    "team_id": clean_team,
}
