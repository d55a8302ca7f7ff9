"""Folders and shares, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from rest_framework.serializers import ChoiceField

from documents.models import Folder, Share
from documents.services.folders import INSTRUCTIONS_LIMIT, NAME_LIMIT
from humana.api.inputs import IdOf, Input, Text
from humana.api.shapes import Shape


class FolderShape(Shape, frozen=True):
    """A project folder of the caller's, or one given to them; its instructions are told to companions in
    its chats. `right` is owner, write or read.
    """

    id: uuid.UUID
    name: str
    parent_id: uuid.UUID | None
    instructions: str
    created_at: datetime
    updated_at: datetime
    version: int
    owner_id: uuid.UUID
    right: str


class FolderChanges(Input):
    """A folder, at the top or inside another one."""

    name = Text(max_length=NAME_LIMIT)
    parent_id = IdOf(required=False, allow_null=True)
    instructions = Text(max_length=INSTRUCTIONS_LIMIT, required=False, allow_blank=True)


class FolderInput(FolderChanges):
    """A new folder. It is for chats with companions that live where it does: beside the folder around it,
    beside the companion named, or else in the organization's main place.
    """

    companion_id = IdOf(required=False, allow_null=True)


class ShareShape(Shape, frozen=True):
    """A folder with all inside it, or a document, given to a member, or to a team with all teams below."""

    id: uuid.UUID
    folder_id: uuid.UUID | None
    document_id: uuid.UUID | None
    member_id: uuid.UUID | None
    team_id: uuid.UUID | None
    right: str
    given_by: uuid.UUID
    created_at: datetime
    updated_at: datetime
    version: int


class ShareChanges(Input):
    """Another right."""

    right = ChoiceField(choices=Share.Right.values)


class NewShare(ShareChanges):
    """To whom: a member or a team of the same organization."""

    member_id = IdOf(required=False, allow_null=True)
    team_id = IdOf(required=False, allow_null=True)


#: What a folder's row has of its shape.
FOLDER_COLUMNS = FolderShape.__struct_fields__[:-1]


def folder(row: Folder, right: str) -> FolderShape:
    said: dict[str, Any] = {name: getattr(row, name) for name in FOLDER_COLUMNS}
    return FolderShape(**said, right=right)


def share(row: Share) -> ShareShape:
    return ShareShape(*(getattr(row, name) for name in ShareShape.__struct_fields__))
