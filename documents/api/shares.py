"""What was given to whom: folders and documents, within the organization."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from documents.access import access_document, access_folder, own_document, own_folder
from documents.api import serializers
from documents.models import Folder, Share
from documents.permissions import READ, SHARE
from documents.services import sharing
from documents.sharing import access_party, access_share, received, shares_reaching
from documents.store import Card
from humana.api.filters import Choice
from humana.api.lists import ListView, MergedListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import Invalid


class _SharesView(ListView):
    """Who was given it; only its owner gives it."""

    permissions = {"GET": READ.name, "POST": SHARE.name}
    shape = serializers.ShareShape
    columns = serializers.ShareShape.__struct_fields__
    order = ("created_at", "id")

    def given(self, aim: Folder | Card) -> HttpResponse:
        """The same right again changes nothing; another one is changed."""
        said = self.body(serializers.NewShare)
        if bool(said.get("member_id")) == bool(said.get("team_id")):
            raise Invalid(_("Name a member or a team."), field="member_id", code="one_party")
        named = {name: said.get(name) for name in ("member_id", "team_id")}
        party = access_party(member=self.member, **named)
        row = sharing.share(member=self.member, aim=aim, party=party, right=said["right"])
        return self.answer(
            serializers.share(row), status=201, version=row.version, location=f"/api/v1/shares/{row.id}/"
        )


class FolderSharesView(_SharesView):
    """Who was given one folder."""

    listed = ("listFolderShares", "Who was given a folder, or one above it")

    def rows(self, request: Request, **named: Any) -> QuerySet[Share]:
        row = access_folder(member=self.member, folder_id=named["folder_id"])
        return shares_reaching(self.member, row)

    @operation(
        "shareFolder",
        "Give a folder with all inside it to a member or a team",
        takes=serializers.NewShare,
        gives=serializers.ShareShape,
        status=201,
    )
    def post(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        return self.given(own_folder(member=self.member, folder_id=folder_id))


class DocumentSharesView(_SharesView):
    """Who was given one document; a POST gives it by itself."""

    listed = ("listDocumentShares", "Who was given a document, or a folder around it")

    def rows(self, request: Request, **named: Any) -> QuerySet[Share]:
        card = access_document(member=self.member, document_id=named["document_id"])
        return shares_reaching(self.member, card)

    @operation(
        "shareDocument",
        "Give a document to a member or a team",
        takes=serializers.NewShare,
        gives=serializers.ShareShape,
        status=201,
    )
    def post(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        return self.given(own_document(member=self.member, document_id=document_id))


class ReceivedView(MergedListView):
    """What the caller or a team around them was given, the latest first."""

    permission = READ.name
    listed = ("listReceived", "What was shared with me, the latest first")
    shape = serializers.ShareShape
    columns = serializers.ShareShape.__struct_fields__
    order = ("-created_at", "-id")
    filters = {"kind": Choice("Only folders, or only documents.", ("folder", "document"))}

    def rows(self, request: Request, **named: Any) -> QuerySet[Share]:
        rows = received(self.member)
        if "kind" in self.asked:
            return rows.filter(document_id__isnull=self.asked["kind"] == "folder")
        return rows


class ShareView(ApiView):
    """One share that the caller gave."""

    permissions = {"GET": READ.name, "PATCH": SHARE.name, "DELETE": SHARE.name}

    @operation("readShare", "One share of what is the caller's", gives=serializers.ShareShape)
    def get(self, request: Request, share_id: uuid.UUID) -> HttpResponse:
        row = access_share(member=self.member, share_id=share_id)
        return self.answer(serializers.share(row), version=row.version)

    @operation(
        "changeShare", "Give another right", takes=serializers.ShareChanges, gives=serializers.ShareShape
    )
    def patch(self, request: Request, share_id: uuid.UUID) -> HttpResponse:
        row = access_share(member=self.member, share_id=share_id)
        wanted = self.body(serializers.ShareChanges)
        version = expected(request, row.version)
        row = sharing.change_share(member=self.member, row=row, version=version, **wanted)
        return self.answer(serializers.share(row), version=row.version)

    @operation("withdrawShare", "They find it no longer, from the next request on", status=204)
    def delete(self, request: Request, share_id: uuid.UUID) -> HttpResponse:
        row = access_share(member=self.member, share_id=share_id)
        self.no_body()
        expected(request, row.version)
        sharing.withdraw_share(member=self.member, row=row)
        return self.nothing()


class _LeaveView(ApiView):
    """Be without what one was given."""

    permission: ClassVar[str | None] = READ.name

    def left(self, aim: Folder | Card) -> HttpResponse:
        self.no_body()
        sharing.leave(member=self.member, aim=aim)
        return self.nothing()


class LeaveFolderView(_LeaveView):
    """A folder of somebody else's."""

    @operation("leaveFolder", "Give a folder back that one was given", status=204)
    def post(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        return self.left(access_folder(member=self.member, folder_id=folder_id))


class LeaveDocumentView(_LeaveView):
    """A document of somebody else's."""

    @operation("leaveDocument", "Give a document back that one was given", status=204)
    def post(self, request: Request, document_id: uuid.UUID) -> HttpResponse:
        return self.left(access_document(member=self.member, document_id=document_id))
