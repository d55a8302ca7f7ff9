"""Reads of folders by whose they are, and where things live. Who may see one: `documents.access`."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from documents.models import Chunk, Document, DocumentFile, Folder, Share
from documents.store import store_of, stored_elsewhere
from tenants.context import current_tenant
from tenants.models import Membership


def folders_of(member: Membership) -> QuerySet[Folder]:
    """The member's own folders, by name."""
    return Folder.objects.filter(owner_id=member.user_id).order_by("name", "id")


def passages_of(document_id: uuid.UUID) -> QuerySet[Chunk]:
    """Of a document that somebody may read; in any order."""
    return Chunk.objects.filter(source_kind=Chunk.Of.DOCUMENT, source_id=document_id)


def files_sent_by(member: Membership) -> QuerySet[DocumentFile]:
    """What the member sent, of the placement we are in; be its document in the trash or not."""
    return DocumentFile.objects.filter(uploaded_by=member.user_id)


def place_of_folder(folder_id: uuid.UUID) -> uuid.UUID | None:
    """The placement we are in, if the folder is here; removed ones too, which can be brought back."""
    return _here(Folder.everything.filter(id=folder_id).exists())


def place_of_document(document_id: uuid.UUID) -> uuid.UUID | None:
    """The same for a document, in the trash too. One at a MongoDB lives where its file or its folder does."""
    if Document.everything.filter(id=document_id).exists():
        return _here(True)
    if not stored_elsewhere(current_tenant().organization_id):
        return None
    if DocumentFile.objects.filter(document_id=document_id).exists():
        return _here(True)
    store = store_of(current_tenant())
    card = next(iter((*store.cards([document_id]), *store.cards([document_id], in_trash=True))), None)
    return place_of_folder(card.folder_id) if card and card.folder_id else None


def place_of_share(share_id: uuid.UUID) -> uuid.UUID | None:
    return _here(Share.objects.filter(id=share_id).exists())


def _here(found: bool) -> uuid.UUID | None:
    return current_tenant().placement.id if found else None


def inside(folder: Folder) -> set[uuid.UUID]:
    """The folder and all below it. One query: a person's folders are few."""
    links = Folder.objects.filter(owner_id=folder.owner_id).values_list("id", "parent_id")
    found, before = {folder.id}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in links if parent in found}
    return found
