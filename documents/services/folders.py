"""Project folders: make, change, remove, bring back.

What lies inside somebody's folder is that somebody's: who may write there adds to it and changes it. Only
its owner moves a folder elsewhere, or removes it.
"""

from __future__ import annotations

import uuid
from typing import TypedDict, Unpack

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.access import OWNER, WRITE_RIGHT, right_to
from documents.models import Folder
from documents.permissions import WRITE
from documents.queries import inside
from humana.kernel.errors import Conflict, NotAllowed, NotFound, StaleVersion
from humana.kernel.ports import record_trail
from humana.kernel.text import clean_text
from tenants.models import Membership
from tenants.permissions import require
from tenants.structure import depth
from tenants.transactions import tenant_atomic

NAME_LIMIT, INSTRUCTIONS_LIMIT = 120, 4000
#: How many folders stand one inside another, the outermost counted.
DEEPEST = 10


class Changes(TypedDict, total=False):
    """What can be edited; what is not given stays as it is."""

    name: str
    instructions: str
    parent: Folder | None


def create_folder(
    *, member: Membership, name: str, instructions: str = "", parent: Folder | None = None
) -> Folder:
    """At the top, or inside a folder in which the member may write: then it is that one's owner's."""
    require(member, WRITE.name)
    if parent is not None:
        _let_write(member, parent)
    owner_id = member.user_id if parent is None else parent.owner_id
    folder = Folder(
        owner_id=owner_id, name=_name(name), instructions=_instructions(instructions), parent=parent
    )
    with tenant_atomic():
        _hold(owner_id)
        _refuse_depth(folder, parent)
        folder.save(force_insert=True)
        _tell("documents.folder.created", folder.id)
    return folder


def edit_folder(
    *, member: Membership, folder: Folder, version: int | None = None, **changes: Unpack[Changes]
) -> Folder:
    """Change what is given. StaleVersion if it is not the version the person saw; Conflict for a circle."""
    require(member, WRITE.name)
    _let_write(member, folder)
    parent = changes.get("parent")
    if "parent" in changes and (parent.id if parent else None) != folder.parent_id:
        _let_move(member, folder, parent)
    if "name" in changes:
        changes["name"] = _name(changes["name"])
    if "instructions" in changes:
        changes["instructions"] = _instructions(changes["instructions"])
    with tenant_atomic():
        _hold(folder.owner_id)
        _refuse_circle(folder, parent)
        _refuse_depth(folder, parent)
        rows = Folder.objects.filter(id=folder.id)
        rows = rows if version is None else rows.filter(version=version)
        if not rows.update(**changes, version=F("version") + 1, updated_at=timezone.now()):
            raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
        _tell("documents.folder.edited", folder.id, changed=sorted(changes))
    folder.refresh_from_db()
    return folder


def remove_folder(*, member: Membership, folder: Folder) -> None:
    """Hide the folder, those inside it and their documents. Its chats stay, in no folder."""
    require(member, WRITE.name)
    _must_own(member, folder)
    with tenant_atomic():
        _hold(folder.owner_id)
        Folder.objects.filter(id__in=inside(folder)).remove(by=member.user_id)  # type: ignore[attr-defined]
        _tell("documents.folder.removed", folder.id)


def restore_folder(*, member: Membership, folder_id: uuid.UUID) -> Folder:
    """Bring back one's own with all that went along; at the top where its place is gone."""
    require(member, WRITE.name)
    with tenant_atomic():
        _hold(member.user_id)
        folder = Folder.everything.filter(id=folder_id, owner_id=member.user_id).first()
        if folder is None:
            raise NotFound(_("There is nothing here."))
        if folder.removed_at is not None:
            along = Folder.everything.filter(owner_id=member.user_id, removed_at=folder.removed_at)
            along.update(removed_at=None, removed_by=None)
            if folder.parent_id and not Folder.objects.filter(id=folder.parent_id).exists():
                Folder.objects.filter(id=folder.id).update(parent=None)
            _tell("documents.folder.restored", folder.id)
    return Folder.objects.get(id=folder_id)


def _hold(owner_id: uuid.UUID) -> None:
    """One change of a person's tree at a time: two moves at once could close a circle."""
    theirs = Folder.objects.filter(owner_id=owner_id).order_by("id")
    list(theirs.select_for_update().values_list("id"))


def _let_write(member: Membership, folder: Folder) -> None:
    if right_to(member, folder) not in (OWNER, WRITE_RIGHT):
        raise NotAllowed(_("You may read this, not change it. Ask its owner."), code="read_only")


def _let_move(member: Membership, folder: Folder, parent: Folder | None) -> None:
    """Within one owner's folders: what is moved would otherwise change hands."""
    _must_own(member, folder)
    if parent is not None and parent.owner_id != member.user_id:
        message = _("Put it into a folder of your own. What is inside somebody's folder is theirs.")
        raise Conflict(message, field="parent_id", code="another_owner")


def _must_own(member: Membership, folder: Folder) -> None:
    if folder.owner_id != member.user_id:
        raise NotAllowed(_("Only its owner can do this."), code="not_the_owner")


def _refuse_circle(folder: Folder, parent: Folder | None) -> None:
    if parent is not None and parent.id in inside(folder):
        raise Conflict(_("A folder cannot be inside itself."), field="parent_id", code="circle")


def _refuse_depth(folder: Folder, parent: Folder | None) -> None:
    if parent is None:
        return
    parents = dict(Folder.objects.filter(owner_id=parent.owner_id).order_by().values_list("id", "parent_id"))
    if depth(parents, folder.id, parent.id) > DEEPEST:
        message = _("At most %(limit)d folders, one inside another.") % {"limit": DEEPEST}
        raise Conflict(message, field="parent_id", code="too_deep")


def _name(text: str) -> str:
    return clean_text(" ".join(text.split()), field="name", limit=NAME_LIMIT)


def _instructions(text: str) -> str:
    return clean_text(text, field="instructions", limit=INSTRUCTIONS_LIMIT, required=False)


def _tell(action: str, folder_id: uuid.UUID, **payload: object) -> None:
    record_trail(action=action, resource_type="folder", resource_id=folder_id, payload=payload)
