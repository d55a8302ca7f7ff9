"""My folders."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from documents.api import serializers
from documents.models import Folder
from documents.permissions import READ, WRITE
from documents.queries import access_folder, folders_of
from documents.services.folders import create_folder, edit_folder, remove_folder
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from tenants.models import Membership


class FolderListView(ListView):
    """The caller's folders, by name."""

    permissions = {"GET": READ.name, "POST": WRITE.name}
    shape = serializers.FolderShape
    columns = serializers.FolderShape.__struct_fields__
    order = ("name", "id")

    @operation("listFolders", "My folders, by name", gives=serializers.FolderShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[Folder]:
        return folders_of(self.member)

    @operation(
        "createFolder",
        "Make a folder",
        takes=serializers.FolderInput,
        gives=serializers.FolderShape,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        wanted = _with_parent(self.member, self.body(serializers.FolderInput))
        row = create_folder(member=self.member, **wanted)
        return self.answer(
            serializers.folder(row), status=201, version=row.version, location=f"/api/v1/folders/{row.id}/"
        )


class FolderView(ApiView):
    """One folder of the caller."""

    permissions = {"GET": READ.name, "PATCH": WRITE.name, "DELETE": WRITE.name}

    @operation("readFolder", "One folder", gives=serializers.FolderShape)
    def get(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        row = access_folder(member=self.member, folder_id=folder_id)
        return self.answer(serializers.folder(row), version=row.version)

    @operation(
        "editFolder",
        "Rename or move a folder, or change its instructions",
        takes=serializers.FolderInput,
        gives=serializers.FolderShape,
    )
    def patch(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        row = access_folder(member=self.member, folder_id=folder_id)
        wanted = _with_parent(self.member, self.body(serializers.FolderInput, partial=True))
        row = edit_folder(member=self.member, folder=row, version=expected(request, row.version), **wanted)
        return self.answer(serializers.folder(row), version=row.version)

    @operation("removeFolder", "Remove a folder; its chats stay, in no folder", status=204)
    def delete(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        row = access_folder(member=self.member, folder_id=folder_id)
        self.no_body()
        expected(request, row.version)
        remove_folder(member=self.member, folder=row)
        return self.nothing()


def _with_parent(member: Membership, given: dict[str, Any]) -> dict[str, Any]:
    """The folder a body names by id, loaded as everything is: through its owner."""
    if "parent_id" in given:
        parent_id = given.pop("parent_id")
        given["parent"] = access_folder(member=member, folder_id=parent_id) if parent_id else None
    return given
