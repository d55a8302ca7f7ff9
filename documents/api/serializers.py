"""Folders, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime

from documents.models import Folder
from documents.services.folders import INSTRUCTIONS_LIMIT, NAME_LIMIT
from humana.api.inputs import IdOf, Input, Text
from humana.api.shapes import Shape


class FolderShape(Shape, frozen=True):
    """A project folder of the caller; its instructions are told to companions in its chats."""

    id: uuid.UUID
    name: str
    parent_id: uuid.UUID | None
    instructions: str
    created_at: datetime
    updated_at: datetime
    version: int


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


def folder(row: Folder) -> FolderShape:
    return FolderShape(*(getattr(row, name) for name in FolderShape.__struct_fields__))
