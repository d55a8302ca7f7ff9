"""What the organization knows: written for every companion, shared by a person, or kept of a message.

The very next answer follows a change, by its words at once and by its meaning soon after. `member=None`
is Humana itself. Giving `version` makes an edit fail with StaleVersion when somebody else was quicker.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from django.utils import timezone
from django.utils.translation import gettext as _

from companions.knowledge import may_edit
from companions.models import Companion, KnowledgeAsset, KnowledgeVersion
from companions.models.knowledge import Level
from companions.permissions import KNOWLEDGE
from companions.services.editing import announce, apply, hold, judge, line
from companions.sharing import is_within
from documents.models import Chunk
from documents.services.passages import drop_passages, embed_passages, keep_passages
from humana.kernel.errors import EndpointError, Invalid, NotFound
from humana.kernel.text import clean_text
from tenants.context import current_tenant
from tenants.jobs import enqueue_on_commit
from tenants.models import Membership, Team
from tenants.permissions import require
from tenants.places import at_main
from tenants.transactions import tenant_atomic

log = logging.getLogger(__name__)

EMBED_TASK = "companions.embed_knowledge"
#: Characters of one asset: a book is several.
MOST_CHARACTERS = 200_000
OF = Chunk.Of.KNOWLEDGE
_WORDS = ("title", "summary", "text")


class More(TypedDict, total=False):
    """What a text can do without: then every companion is told."""

    summary: str
    language: str
    level: str
    team_id: uuid.UUID | None


class Changes(More, total=False):
    """What can be edited; what is not given stays as it is."""

    title: str
    text: str


def write_asset(
    *, member: Membership | None = None, title: str, text: str, **more: Unpack[More]
) -> KnowledgeAsset:
    """Add to the common knowledge; for every companion unless a level says otherwise."""
    by = judge(member, KNOWLEDGE)
    return put_down(KnowledgeAsset(author_id=by), {"title": title, "text": text, **more}, by)


def edit_asset(
    *,
    member: Membership | None = None,
    asset: KnowledgeAsset,
    version: int | None = None,
    **changes: Unpack[Changes],
) -> KnowledgeAsset:
    """Change what is given. What was shared is never told more widely than its sharer could.

    Whoever shared it may do this too.
    """
    by = _editor(member, asset)
    with at_main(), tenant_atomic():
        row = hold(KnowledgeAsset.objects.all(), asset.id, version)
        return put_down(row, changes, by)


def remove_asset(
    *, member: Membership | None = None, asset: KnowledgeAsset, version: int | None = None
) -> None:
    """No answer is told it any more; it can be brought back."""
    by = _editor(member, asset)
    with at_main(), tenant_atomic():
        row = hold(KnowledgeAsset.objects.all(), asset.id, version)
        drop_passages(kind=OF, source_id=row.id)
        _change(row, "removed", {"removed_at": timezone.now(), "removed_by": by})


def bring_back(*, member: Membership | None = None, asset: KnowledgeAsset) -> KnowledgeAsset:
    """Undo a removal; who was told it is told it again."""
    _editor(member, asset)
    with at_main(), tenant_atomic():
        row = hold(KnowledgeAsset.everything.all(), asset.id)
        if row.removed_at is not None:
            _change(row, "restored", {"removed_at": None, "removed_by": None})
            _pass_on(row, row.versions.order_by("-number").values_list("number", flat=True)[0])
    return row


def restore_version(
    *,
    member: Membership | None = None,
    asset: KnowledgeAsset,
    then: KnowledgeVersion,
    version: int | None = None,
) -> KnowledgeAsset:
    """Say again what an earlier version said, as a new one; who is told it stays as it is."""
    said: Changes = {"title": then.title, "summary": then.summary, "text": then.text}
    return edit_asset(member=member, asset=asset, version=version, **said)


def learn_meaning(asset_id: uuid.UUID) -> None:
    """For a worker, in the organization. Without a model of embeddings the text is found by its words.

    EndpointError where the model should answer later.
    """
    with at_main():
        try:
            embed_passages(kind=OF, source_id=asset_id)
        except EndpointError as error:
            if not error.permanent:
                raise
            log.info("knowledge is found by its words alone", extra={"error": error.code})


def put_down(row: KnowledgeAsset, changes: Mapping[str, Any], by: uuid.UUID | None) -> KnowledgeAsset:
    """Write a new row, or one that is held; for services that have judged already."""
    wanted = _clean(changes)
    with at_main(), tenant_atomic():
        changed = apply(row, wanted)
        fresh = row._state.adding
        if not (fresh or changed):
            return row
        _check_level(row)
        row.version = 1 if fresh else row.version + 1
        row.save()
        if fresh or set(changed) & set(_WORDS):
            _keep_version(row, by)
            _pass_on(row, row.version)
        announce("kept", "knowledge", row, title=row.title, level=row.level, changed=changed)
    return row


def _editor(member: Membership | None, asset: KnowledgeAsset) -> uuid.UUID | None:
    if member is None:
        return None
    if member.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    if not may_edit(member, asset):
        require(member, KNOWLEDGE.name)
    return member.user_id


def _change(row: KnowledgeAsset, action: str, wanted: Mapping[str, Any]) -> None:
    changed = apply(row, wanted)
    row.version += 1
    row.save()
    announce(action, "knowledge", row, title=row.title, changed=changed)


def _keep_version(row: KnowledgeAsset, by: uuid.UUID | None) -> None:
    told = {name: getattr(row, name) for name in _WORDS}
    KnowledgeVersion.objects.create(asset=row, number=row.version, written_by=by, **told)


def _pass_on(row: KnowledgeAsset, number: int) -> None:
    """The text is safe with the row; its meaning is asked for afterwards, and may fail."""
    keep_passages(kind=OF, source_id=row.id, version=number, title=row.title, text=row.text)
    enqueue_on_commit(EMBED_TASK, asset_id=row.id)


def _check_level(row: KnowledgeAsset) -> None:
    if not is_within(row.level, row.widest):
        message = _("This was shared with fewer people, and cannot be told to more: at most “%(level)s”.")
        raise Invalid(message % {"level": Level(row.widest).label}, field="level", code="too_wide")
    if row.level in (Level.TEAM, Level.DEPARTMENT) and row.team_id is None:
        raise Invalid(_("Choose the team that this is for."), field="team_id", code="no_team")


def _clean(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _CLEANERS[name](value) for name, value in told.items()}


def clean_level(level: object) -> str:
    if level not in Level.values:
        raise Invalid(_("Choose one of what is offered."), field="level", code="unknown")
    return str(level)


def clean_team(team_id: uuid.UUID | None) -> uuid.UUID | None:
    """Teams live in the control plane: no reference in the database holds them."""
    rows = Team.objects.filter(organization_id=current_tenant().organization_id)
    if team_id is not None and not rows.filter(id=team_id).exists():
        raise NotFound(_("There is nothing here."), field="team_id")
    return team_id


def _language(value: object) -> str:
    if value not in Companion.Language.values:
        raise Invalid(_("Choose one of the languages offered."), field="language", code="unknown")
    return str(value)


_CLEANERS: dict[str, Any] = {
    "title": lambda text: line(text, field="title", limit=160),
    "summary": lambda text: line(text, field="summary", limit=400, required=False),
    "text": lambda text: clean_text(text, field="text", limit=MOST_CHARACTERS).strip(),
    "language": _language,
    "level": clean_level,
    "team_id": clean_team,
}
