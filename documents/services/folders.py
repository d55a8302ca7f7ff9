"""Project folders: make, change, remove."""

from __future__ import annotations

import uuid
from typing import TypedDict, Unpack

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.models import Folder
from documents.permissions import WRITE
from documents.queries import inside
from humana.kernel.errors import Conflict, StaleVersion
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.permissions import require
from tenants.transactions import tenant_atomic

NAME_LIMIT, INSTRUCTIONS_LIMIT = 120, 4000


class Changes(TypedDict, total=False):
    """What can be edited; what is not given stays as it is."""

    name: str
    instructions: str
    parent: Folder | None


def create_folder(
    *, member: Membership, name: str, instructions: str = "", parent: Folder | None = None
) -> Folder:
    require(member, WRITE.name)
    folder = Folder(
        owner_id=member.user_id, name=_name(name), instructions=_instructions(instructions), parent=parent
    )
    with tenant_atomic():
        folder.save(force_insert=True)
        _tell("documents.folder.created", folder.id)
    return folder


def edit_folder(
    *, member: Membership, folder: Folder, version: int | None = None, **changes: Unpack[Changes]
) -> Folder:
    """Change what is given. StaleVersion if it is not the version the person saw; Conflict for a circle."""
    require(member, WRITE.name)
    if "name" in changes:
        changes["name"] = _name(changes["name"])
    if "instructions" in changes:
        changes["instructions"] = _instructions(changes["instructions"])
    with tenant_atomic():
        _hold(member)
        _refuse_circle(folder, changes.get("parent"))
        rows = Folder.objects.filter(id=folder.id)
        rows = rows if version is None else rows.filter(version=version)
        if not rows.update(**changes, version=F("version") + 1, updated_at=timezone.now()):
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        _tell("documents.folder.edited", folder.id, changed=sorted(changes))
    folder.refresh_from_db()
    return folder


def remove_folder(*, member: Membership, folder: Folder) -> None:
    """Hide the folder and those inside it. Its chats stay, in no folder."""
    require(member, WRITE.name)
    with tenant_atomic():
        _hold(member)
        Folder.objects.filter(id__in=inside(folder)).remove(by=member.user_id)  # type: ignore[attr-defined]
        _tell("documents.folder.removed", folder.id)


def _hold(member: Membership) -> None:
    """One change of a person's tree at a time: two moves at once could close a circle."""
    mine = Folder.objects.filter(owner_id=member.user_id).order_by("id")
    list(mine.select_for_update().values_list("id"))


def _refuse_circle(folder: Folder, parent: Folder | None) -> None:
    if parent is not None and parent.id in inside(folder):
        raise Conflict(_("A folder cannot be inside itself."), field="parent_id", code="circle")


def _name(text: str) -> str:
    return clean_text(" ".join(text.split()), field="name", limit=NAME_LIMIT)


def _instructions(text: str) -> str:
    return clean_text(text, field="instructions", limit=INSTRUCTIONS_LIMIT, required=False)


def _tell(action: str, folder_id: uuid.UUID, **payload: object) -> None:
    record_trail(action=action, resource_type="folder", resource_id=folder_id, payload=payload)
