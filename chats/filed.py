"""Which folder a chat is in, told only as long as its person may read that folder."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import TypeVar

import msgspec

from documents.access import must_be_ours, readable_among
from tenants.models import Membership
from tenants.places import gather

Told = TypeVar("Told", bound=msgspec.Struct)


def in_folders_of(
    member: Membership, chats: Sequence[Told], *, own: Collection[uuid.UUID] = ()
) -> list[Told]:
    """The same, those in a folder that is withdrawn as in none.

    `own` are folders that were just read as the member's own and not removed. Chats in one of those, or in
    none, cost nothing.
    """
    must_be_ours(member)
    ids = {one.folder.id for one in chats if one.folder}.difference(own)  # type: ignore[attr-defined]
    if not ids:
        return list(chats)
    found = set(gather(lambda: list(readable_among(member, ids))).found).union(own)
    return [
        msgspec.structs.replace(one, folder=None) if one.folder and one.folder.id not in found else one  # type: ignore[attr-defined]
        for one in chats
    ]
