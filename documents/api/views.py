"""My folders, and those given to me."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from documents.access import (
    OWNER,
    READ_RIGHT,
    access_folder,
    given_to,
    own_folder,
    readable_folders,
    right_to,
)
from documents.api import serializers
from documents.models import Folder
from documents.permissions import READ, WRITE
from documents.services.folders import create_folder, edit_folder, remove_folder, restore_folder
from humana.api.filters import Choice
from humana.api.lists import MergedListView
from humana.api.pagination import Slice, beyond, neighbours
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import finders, gather


class FolderListView(MergedListView):
    """The caller's folders and those given to them, by name."""

    permissions = {"GET": READ.name, "POST": WRITE.name}
    shape = serializers.FolderShape
    columns = serializers.FOLDER_COLUMNS
    order = ("name", "id")
    filters = {"owner": Choice("Only the caller's own, or only those of others.", ("me", "others"))}
    placed_by = {"companion_id": "companion_id", "parent_id": "folder_id"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.rights: dict[uuid.UUID, str] = {}

    @operation("listFolders", "Folders of mine and given to me, by name", gives=serializers.FolderShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[Folder]:
        given = given_to(self.member).folders
        self.rights |= given
        rows = readable_folders(self.member, given)
        whose = self.asked.get("owner")
        if whose == "me":
            return rows.filter(owner_id=self.member.user_id)
        return rows.exclude(owner_id=self.member.user_id) if whose else rows

    def shown(self, rows: list[Any]) -> list[serializers.FolderShape]:
        me, whose = self.member.user_id, self.columns.index("owner_id")
        return [self.shape(*(*row, OWNER if row[whose] == me else self.rights[row[0]])) for row in rows]

    def slice(self, request: Request, **named: Any) -> Slice:
        """Of several placements as a whole: no two databases need agree on the order of names."""
        if not current_tenant().mixed:
            return super().slice(request, **named)
        place, limit = self.place(), self.limit()
        gathered = gather(lambda: list(self.rows(request, **named).values_list(*self.columns)))
        found = beyond(sorted(gathered.found, key=self.key), self.key, place)
        return replace(neighbours(found[: limit + 1], place, limit, self.key), silent=gathered.silent)

    def key(self, row: Any) -> tuple[Any, ...]:
        name, id_ = super().key(row)
        return name, str(id_)

    @operation(
        "createFolder",
        "Make a folder",
        takes=serializers.FolderInput,
        gives=serializers.FolderShape,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(serializers.FolderInput)
        _must_be_here("companion_id", given.pop("companion_id", None))
        row = create_folder(member=self.member, **_with_parent(self.member, given))
        return self.answer(
            _shape(self.member, row), status=201, version=row.version, location=f"/api/v1/folders/{row.id}/"
        )


class FolderView(ApiView):
    """One folder of the caller's, or given to them. Only its owner moves or removes it."""

    permissions = {"GET": READ.name, "PATCH": WRITE.name, "DELETE": WRITE.name}

    @operation("readFolder", "One folder", gives=serializers.FolderShape)
    def get(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        row = access_folder(member=self.member, folder_id=folder_id)
        return self.answer(_shape(self.member, row), version=row.version)

    @operation(
        "editFolder",
        "Rename or move a folder, or change its instructions",
        takes=serializers.FolderChanges,
        gives=serializers.FolderShape,
    )
    def patch(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        row = access_folder(member=self.member, folder_id=folder_id, right="write")
        wanted = _with_parent(self.member, self.body(serializers.FolderChanges, partial=True))
        row = edit_folder(member=self.member, folder=row, version=expected(request, row.version), **wanted)
        return self.answer(_shape(self.member, row), version=row.version)

    @operation("removeFolder", "Remove a folder with its documents; its chats stay", status=204)
    def delete(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        row = own_folder(member=self.member, folder_id=folder_id)
        self.no_body()
        expected(request, row.version)
        remove_folder(member=self.member, folder=row)
        return self.nothing()


class RestoreFolderView(ApiView):
    """A removed folder, brought back."""

    permission = WRITE.name

    @operation("restoreFolder", "Bring back a removed folder", gives=serializers.FolderShape)
    def post(self, request: Request, folder_id: uuid.UUID) -> HttpResponse:
        row = restore_folder(member=self.member, folder_id=folder_id)
        self.no_body()
        return self.answer(_shape(self.member, row), version=row.version)


def _shape(member: Membership, row: Folder) -> serializers.FolderShape:
    return serializers.folder(row, right_to(member, row) or READ_RIGHT)


def _must_be_here(name: str, value: uuid.UUID | None) -> None:
    """What a body names to say where it is meant: it was followed there, if there is such a thing."""
    if value is not None and finders.get(name)(value) is None:
        raise NotFound(_("There is nothing here."))


def _with_parent(member: Membership, given: dict[str, Any]) -> dict[str, Any]:
    """The folder a body names by id, loaded through who may write in it."""
    if "parent_id" in given:
        parent_id = given.pop("parent_id")
        given["parent"] = (
            access_folder(member=member, folder_id=parent_id, right="write") if parent_id else None
        )
    return given
