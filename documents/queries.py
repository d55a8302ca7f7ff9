"""Reads of folders. A folder is its owner's alone."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from documents.models import Folder
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership


def folders_of(member: Membership) -> QuerySet[Folder]:
    """The member's own folders, by name."""
    return Folder.objects.filter(owner_id=member.user_id).order_by("name", "id")


def access_folder(*, member: Membership, folder_id: uuid.UUID) -> Folder:
    """The member's own folder. Somebody else's is missing in just the same way."""
    folder = folders_of(member).filter(id=folder_id).first()
    if folder is None:
        raise NotFound(_("There is nothing here."))
    return folder


def place_of_folder(folder_id: uuid.UUID) -> uuid.UUID | None:
    """The placement we are in, if the folder is here."""
    return current_tenant().placement.id if Folder.objects.filter(id=folder_id).exists() else None


def inside(folder: Folder) -> set[uuid.UUID]:
    """The folder and all below it. One query: a person's folders are few."""
    links = Folder.objects.filter(owner_id=folder.owner_id).values_list("id", "parent_id")
    found, before = {folder.id}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in links if parent in found}
    return found
