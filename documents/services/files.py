"""Documents that people send or write: received, renamed, moved, deleted and brought back.

What somebody may do with one is asked of `documents.access` at the time of use; a worker reads what was
received (`documents.services.indexing`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from documents import contract, keeping
from documents.access import access_document, own_document
from documents.config_keys import MOST_DOCUMENTS
from documents.extraction import LOOKED_AT, Media, is_taken, recognise
from documents.extraction.media import MARKDOWN, OLE
from documents.models import DocumentFile, Folder
from documents.naming import file_name
from documents.permissions import READ, WRITE
from documents.services import indexing
from documents.services.room import refuse_full, room_for
from documents.store import Card, Draft, store_of
from humana.kernel.errors import Conflict, Invalid
from humana.kernel.models import new_id
from humana.kernel.ports import record_trail
from tenants.config.resolver import resolve_for
from tenants.context import current_tenant
from tenants.jobs import enqueue_on_commit
from tenants.models import Membership
from tenants.permissions import require
from tenants.transactions import tenant_atomic

State = DocumentFile.State


def receive(
    *, member: Membership, content: keeping.Upload, name: str, folder: Folder | None = None, purpose: str = ""
) -> Card:
    """Keep a file as a document; a worker reads it afterwards. No transaction is open while it is written.

    In somebody's folder, which was loaded through who may write there, it is that person's. Invalid for a
    type that is not taken and for one that is too large, Conflict where somebody has too many, Unavailable
    where the storage does not answer; nothing of it is kept then.
    """
    require(member, WRITE.name)
    media = _media(content, name)
    draft = _draft(member, folder, file_name(name, media), media.type)
    _refuse_crowd(draft.owner_id)
    refuse_full(getattr(content, "size", None) or 1)
    file = DocumentFile(id=new_id(), document_id=draft.id, uploaded_by=member.user_id, purpose=purpose)
    file.key, file.name, file.media_type = keeping.key_of(file.id), draft.name, media.type
    kept = keeping.keep(file.key, content)
    file.size, file.digest = kept.size, kept.digest
    try:
        return _add(draft, file)
    except BaseException:
        _undo(draft, file)
        raise


def write(*, member: Membership, name: str, text: str, folder: Folder | None = None) -> Card:
    """Keep a note that somebody wrote, in Markdown. It has no file, and is found by its words at once."""
    require(member, WRITE.name)
    draft = _draft(member, folder, file_name(name, MARKDOWN), MARKDOWN.type, text)
    _refuse_crowd(draft.owner_id)
    with tenant_atomic():
        card = store_of(current_tenant()).add(draft)
        indexing.index_text(card, draft.text)
        _tell("written", card)
    return card


def rename(*, member: Membership, document_id: uuid.UUID, name: str, seen: datetime | None = None) -> Card:
    """Another name, with the ending it had. StaleVersion where it was changed since it was `seen`."""
    require(member, WRITE.name)
    card = access_document(member=member, document_id=document_id, right="write")
    named = file_name(name, _ending_of(card))
    with tenant_atomic():
        card = store_of(current_tenant()).rename(document_id, name=named, seen=seen)
        _tell("renamed", card)
    return card


def move(
    *, member: Membership, document_id: uuid.UUID, folder: Folder | None, seen: datetime | None = None
) -> Card:
    """Into another folder of its owner's, or into none; only the owner does this."""
    require(member, WRITE.name)
    card = own_document(member=member, document_id=document_id)
    if folder is not None and folder.owner_id != card.owner_id:
        message = _("A document stays with whom it belongs to. Move it to a folder of your own.")
        raise Conflict(message, field="folder_id", code="other_owner")
    with tenant_atomic():
        card = store_of(current_tenant()).move(
            document_id, folder_id=folder.id if folder else None, seen=seen
        )
        _tell("moved", card, folder=str(card.folder_id or ""))
    return card


def trash(*, member: Membership, document_id: uuid.UUID) -> Card:
    """Out of sight for everybody; for `storage.trash_days` its owner can bring it back, file and all."""
    require(member, WRITE.name)
    own_document(member=member, document_id=document_id)
    with tenant_atomic():
        card = store_of(current_tenant()).trash(document_id, by=member.user_id)
        _tell("trashed", card)
    return card


def restore(*, member: Membership, document_id: uuid.UUID) -> Card:
    """Out of the trash; what had not been read when it went there is read now. One that is here stays so."""
    card = access_trashed(member=member, document_id=document_id)
    if card.trashed_at is None:
        return card
    with tenant_atomic():
        card = _restored(document_id)
        indexing.begin(_unread(document_id))
        _tell("restored", card)
    return card


def access_trashed(*, member: Membership, document_id: uuid.UUID) -> Card:
    """A document of the member's own that is in the trash, or back already. Any other is missing."""
    require(member, WRITE.name)
    for card in store_of(current_tenant()).cards([document_id], in_trash=True):
        if card.owner_id == member.user_id:
            return card
    return own_document(member=member, document_id=document_id)


def retry(*, member: Membership, document_id: uuid.UUID) -> DocumentFile | None:
    """Have it read again where that failed, or some of it was not read; None for a note. What is ready stays
    as it is."""
    require(member, WRITE.name)
    access_document(member=member, document_id=document_id, right="write")
    with tenant_atomic():
        rows = DocumentFile.objects.filter(document_id=document_id)
        indexing.begin(rows.exclude(state=State.READY, problem=""))
    return DocumentFile.objects.filter(document_id=document_id).first()


def link_to(*, member: Membership, document_id: uuid.UUID) -> str:
    """Where the file is given out, as one to keep, for a short while. NotFound for a note."""
    require(member, READ.name)
    card = access_document(member=member, document_id=document_id)
    file = DocumentFile.objects.filter(document_id=document_id).first()
    if file is None:
        raise contract.not_here()
    return keeping.address_of(file, card.name)


def states_of(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, DocumentFile]:
    """The files of these documents, by document; a note has none and is always ready. One query."""
    rows = DocumentFile.objects.filter(document_id__in=list(ids)).defer("seen")
    return {row.document_id: row for row in rows}


def _draft(member: Membership, folder: Folder | None, name: str, media_type: str, text: str = "") -> Draft:
    return Draft(
        owner_id=folder.owner_id if folder else member.user_id,
        author_id=member.user_id,
        name=name,
        text=text,
        folder_id=_id_of(folder),
        media_type=media_type,
    )


def _id_of(folder: Folder | None) -> uuid.UUID | None:
    return folder.id if folder else None


def _media(content: keeping.Upload, name: str) -> Media:
    content.seek(0)
    start = content.read(LOOKED_AT)
    content.seek(0)
    if not start:
        raise Invalid(_("This file is empty."), field="file", code="empty")
    found = recognise(start, str(name))
    if found is None or not is_taken(found):
        raise Invalid(_not_taken(found), field="file", code="bad_type")
    return found


def _not_taken(media: Media | None) -> str:
    if media == OLE:
        return _(
            "This is an old Office file, or one that asks for a password. Save a copy as DOCX, XLSX or PPTX,"
            " without a password, and send that."
        )
    return _(
        "Files of this type are not taken. Send a PDF, an office document (DOCX, PPTX, XLSX or OpenDocument),"
        " Markdown, HTML, a text or an image."
    )


def _add(draft: Draft, file: DocumentFile) -> Card:
    with room_for(file.size), tenant_atomic():
        _refuse_crowd(draft.owner_id)
        file.save(force_insert=True)
        enqueue_on_commit(indexing.INDEX, document_id=draft.id)
        card = store_of(current_tenant()).add(draft)
        _tell("received", card, media_type=file.media_type, size=file.size, digest=file.digest)
    return card


def _undo(draft: Draft, file: DocumentFile) -> None:
    """The bytes go with the rows that were not written, and so does a card at a store of their own."""
    with suppress(Exception):
        keeping.erase(file.key)
    with suppress(Exception):
        store = store_of(current_tenant())
        store.trash(draft.id, by=draft.author_id)
        store.purge(draft.id)


def _unread(document_id: uuid.UUID) -> QuerySet[DocumentFile]:
    return DocumentFile.objects.filter(document_id=document_id).exclude(state=State.READY)


def _restored(document_id: uuid.UUID) -> Card:
    """Where it was; in no folder, where that is gone."""
    store = store_of(current_tenant())
    card = store.restore(document_id)
    if card.folder_id is None or Folder.objects.filter(id=card.folder_id).exists():
        return card
    return store.move(document_id, folder_id=None)


def _refuse_crowd(owner_id: uuid.UUID) -> None:
    here = current_tenant()
    most = resolve_for(here.organization_id, MOST_DOCUMENTS)
    if store_of(here).count_owned(owner_id) >= most:
        message = _("One person may keep at most %(limit)d documents. Delete some that are no longer needed.")
        raise Conflict(message % {"limit": most}, code="too_many")


def _ending_of(card: Card) -> Media:
    """What its name ends with now is what it ends with after."""
    _stem, dot, ending = card.name.rpartition(".")
    return Media(card.media_type, (f".{ending.lower()}" if dot else "",))


def _tell(action: str, card: Card, **payload: object) -> None:
    record_trail(
        action=f"documents.document.{action}",
        resource_type="document",
        resource_id=card.id,
        payload={"name": card.name, **payload},
    )
