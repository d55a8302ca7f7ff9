"""The link in an invitation's letter: it names the organization and the invitation, and we signed it.

So nothing is read for a link that nobody wrote, and no row is looked for outside its organization.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from dataclasses import dataclass
from hashlib import sha256
from hmac import new

from humana.kernel.crypto import derived_key, same
from tenants.models import Invitation

#: Two ids and the nonce, in bytes; how long the written mark is.
_SIZE, _MARK = 48, 32


@dataclass(frozen=True, slots=True)
class Named:
    organization_id: uuid.UUID
    invitation_id: uuid.UUID
    nonce: str


def write_link(invitation: Invitation) -> str:
    """The last part of the address."""
    packed = invitation.organization_id.bytes + invitation.id.bytes + bytes.fromhex(invitation.nonce)
    return f"{_text(packed)}.{_mark(packed)}"


def read_link(text: str) -> Named | None:
    """What it names; None for anything that we did not write. Says nothing of whether it is still good."""
    body, _dot, mark = text.partition(".")
    try:
        packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) if len(text) <= 200 else b""
    except (ValueError, binascii.Error):
        return None
    if len(packed) != _SIZE or not text.isascii() or not same(mark, _mark(packed)) or _text(packed) != body:
        return None
    return Named(uuid.UUID(bytes=packed[:16]), uuid.UUID(bytes=packed[16:32]), packed[32:].hex())


def _mark(packed: bytes) -> str:
    return _text(new(derived_key("invitation"), packed, sha256).digest())[:_MARK]


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")
