"""Values that are sealed as soon as they are given: bound to organization, layer, subject and key."""

from __future__ import annotations

import uuid

from humana.kernel.crypto import associated, derived_key, open_sealed, seal


def sealed_value(
    plain: str, *, organization_id: uuid.UUID | None, layer: str, subject: uuid.UUID | None, key: str
) -> str:
    """The value, for the row it is kept in and no other."""
    place = _place(organization_id, layer, subject, key)
    return seal(plain.encode(), key=derived_key("configuration"), place=place).hex()


def opened_value(
    sealed: str, *, organization_id: uuid.UUID | None, layer: str, subject: uuid.UUID | None, key: str
) -> str:
    """The opposite; CannotOpen where it was not sealed for this place."""
    place = _place(organization_id, layer, subject, key)
    return open_sealed(bytes.fromhex(sealed), key=derived_key("configuration"), place=place).decode()


def _place(organization_id: uuid.UUID | None, layer: str, subject: uuid.UUID | None, key: str) -> bytes:
    return associated(
        organization_id.hex if organization_id else "platform", layer, subject.hex if subject else "", key
    )
