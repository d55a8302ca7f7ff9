"""Documents for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from byoc.uploads import refuse_too_large
from documents.access import access_document, access_folder
from documents.api import document_shapes as shapes
from documents.listing import KINDS, Wanted, slice_of, with_files
from documents.models import Chunk, DocumentFile, Folder
from documents.permissions import READ, WRITE
from documents.queries import passages_of
from documents.services import files
from documents.store import Card, Order, store_of
from humana.api.filters import Choice, Flag, Id
from humana.api.lists import ListView, MergedListView
from humana.api.pagination import Slice
from humana.api.parsers import FileParser, StrictJSONParser
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import Invalid, NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import finders, within
from tenants.transactions import tenant_atomic


class DocumentListView(MergedListView):
    """The caller's documents, or those of a folder they may read; the latest change first."""

    permissions = {"GET": READ.name, "POST": WRITE.name}
    parser_classes = [FileParser, StrictJSONParser]
    shape = shapes.DocumentShape
    columns = ()
    placed_by = {"companion_id": "companion_id", "folder_id": "folder_id"}
    filters = {
        "folder": Id("Only what is in this folder: your own, or one that is shared with you."),
        "state": Choice("Only what is in this state.", tuple(DocumentFile.State.values)),
        "kind": Choice("Only what is of this kind.", (*KINDS, "note", "other")),
        "sort": Choice(
            "By name, by the latest change, or by size; with a dash the other way round. The trash, and what"
            " is found by words, come with the latest change first.",
            tuple(one.value for one in Order),
        ),
        "trash": Flag("What is in the trash, instead of what is not."),
        "q": shapes.Words("Words that the name or the text says, if only as their beginnings."),
    }

    @operation("listDocuments", "My documents, the latest change first", gives=shapes.DocumentShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        folder_id = self.asked.get("folder")
        if folder_id is None:
            return super().get(request, **named)
        with within("folder_id", folder_id):
            return super().get(request, **named)

    def slice(self, request: Request, **named: Any) -> Slice:
        try:
            folder = self._folder()
        except NotFound:
            return Slice([], None, None)
        wanted = Wanted(
            owner_id=self.member.user_id,
            folder=folder,
            state=self.asked.get("state"),
            kind=self.asked.get("kind"),
            order=Order(self.asked.get("sort", Order.CHANGED.value)),
            trash=self.asked.get("trash", False),
            words=self.asked.get("q"),
        )
        return slice_of(wanted, self.place(), self.limit())

    def _folder(self) -> Folder | None:
        asked = self.asked.get("folder")
        return access_folder(member=self.member, folder_id=asked) if asked else None

    def shown(self, rows: list[Any]) -> list[shapes.DocumentShape]:
        return [shapes.document(row) for row in rows]

    @operation(
        "createDocument",
        "Send a file, or write a note",
        takes=shapes.DocumentInput,
        gives=shapes.DocumentShape,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(shapes.DocumentInput)
        refuse_too_large(request._request)
        _must_be_here(given.get("companion_id"))
        card = _made(self.member, given)
        return _answer(self, card, status=201, location=f"/api/v1/documents/{card.id}/")


class DocumentView(ApiView):
    """One document that the caller may read."""

    permissions = {"GET": READ.name, "PATCH": WRITE.name, "DELETE": WRITE.name}

    @operation("readDocument", "One document, and how far it is read", gives=shapes.DocumentShape)
    def get(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        return _answer(self, access_document(member=self.member, document_id=document_id))

    @operation(
        "editDocument",
        "Rename or move a document",
        takes=shapes.DocumentChanges,
        gives=shapes.DocumentShape,
    )
    def patch(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        card = access_document(member=self.member, document_id=document_id, right="write")
        given = self.body(shapes.DocumentChanges, partial=True)
        seen = card.changed_at if expected(request, shapes.seen(card)) is not None else None
        return _answer(self, _changed(self.member, card, given, seen))

    @operation("removeDocument", "Put a document into the trash; it can be restored for a while", status=204)
    def delete(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        card = access_document(member=self.member, document_id=document_id, right="write")
        self.no_body()
        expected(request, shapes.seen(card))
        files.trash(member=self.member, document_id=document_id)
        return self.nothing()


class RestoreDocumentView(ApiView):
    """One that is in the trash."""

    permission = WRITE.name

    @operation("restoreDocument", "Bring back a document from the trash", gives=shapes.DocumentShape)
    def post(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        files.access_trashed(member=self.member, document_id=document_id)
        self.no_body()
        return _answer(self, files.restore(member=self.member, document_id=document_id))


class RetryDocumentView(ApiView):
    """One whose file could not be read."""

    permission = WRITE.name

    @operation("retryDocument", "Read the file again, where that failed", gives=shapes.DocumentShape)
    def post(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        card = access_document(member=self.member, document_id=document_id, right="write")
        self.no_body()
        files.retry(member=self.member, document_id=document_id)
        return _answer(self, card)


class DocumentTextView(ApiView):
    """What it says."""

    permission = READ.name

    @operation("readDocumentText", "What the document says", gives=shapes.TextShape)
    def get(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        card = access_document(member=self.member, document_id=document_id)
        latest = store_of(current_tenant()).read(card.id)
        told = shapes.TextShape(latest.number, latest.text, latest.written_at)
        return self.answer(told, version=latest.number)


class PassageListView(ListView):
    """Its passages in order."""

    permission = READ.name
    listed = ("listPassages", "The passages of a document, in order")
    shape = shapes.PassageShape
    columns = shapes.PassageShape.__struct_fields__
    order = ("ordinal",)

    def rows(self, request: Request, **named: Any) -> QuerySet[Chunk]:
        card = access_document(member=self.member, document_id=named["document_id"])
        return passages_of(card.id)


class DocumentFileView(ApiView):
    """The file itself."""

    permission = READ.name

    @operation("downloadDocument", "Where to fetch the file, now", gives=shapes.DocumentLinkShape)
    def get(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        url = files.link_to(member=self.member, document_id=document_id)
        return self.answer(shapes.DocumentLinkShape(request.build_absolute_uri(url)))


def _answer(view: ApiView, card: Card, **more: Any) -> HttpResponse:
    return view.answer(shapes.document(with_files([card])[0]), version=shapes.seen(card), **more)


def _made(member: Membership, given: dict[str, Any]) -> Card:
    """A file or a note, whichever came."""
    file, text, folder = given.get("file"), given.get("text"), _folder(member, given.get("folder_id"))
    if file is not None and text is None:
        return files.receive(member=member, content=file, name=given.get("name", file.name), folder=folder)
    if file is None and text is not None:
        return files.write(member=member, name=given.get("name", ""), text=text, folder=folder)
    message = _("Send either a file, as multipart/form-data, or a text.")
    raise Invalid(message, field="file", code="missing")


def _changed(member: Membership, card: Card, given: dict[str, Any], seen: Any) -> Card:
    folder = _folder(member, given.get("folder_id"))
    with tenant_atomic():
        if "name" in given:
            card = files.rename(member=member, document_id=card.id, name=given["name"], seen=seen)
            seen = card.changed_at if seen else None
        if "folder_id" in given:
            card = files.move(member=member, document_id=card.id, folder=folder, seen=seen)
    return card


def _folder(member: Membership, folder_id: uuid.UUID | None) -> Folder | None:
    return access_folder(member=member, folder_id=folder_id, right="write") if folder_id else None


def _must_be_here(companion_id: uuid.UUID | None) -> None:
    """What a body names to say where it is meant: it was followed there, if there is such a thing."""
    if companion_id is not None and finders.get("companion_id")(companion_id) is None:
        raise NotFound(_("There is nothing here."))
