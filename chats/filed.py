"""Which folder a chat is in, told only as long as its person may read that folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from documents.access import readable_among
from tenants.models import Membership
from tenants.places import gather

Told = TypeVar("Told", bound=msgspec.Struct)


def in_folders_of(member: Membership, chats: Sequence[Told]) -> list[Told]:
    """The same, those in a folder that is withdrawn as in none. Chats in no folder cost nothing."""
    ids = {one.folder.id for one in chats if one.folder}  # type: ignore[attr-defined]
    if not ids:
        return list(chats)
    found = set(gather(lambda: list(readable_among(member, ids))).found)
    return [
        msgspec.structs.replace(one, folder=None) if one.folder and one.folder.id not in found else one  # type: ignore[attr-defined]
        for one in chats
    ]
