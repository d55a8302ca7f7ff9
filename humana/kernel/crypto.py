"""Seal and open: AES-256-GCM with the associated data length-prefixed.

A sealed value is `version | nonce | ciphertext and tag`. The associated data binds it to the
place it was made for; moved to any other place it does not open.
"""

from __future__ import annotations

import base64
import hmac
import os
import struct
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from humana.kernel.errors import Misconfigured

_VERSION = b"\x01"
_NONCE_BYTES = 12


class CannotOpen(Misconfigured):
    """The value was sealed for another place, with another key, or was changed since."""

    default_code = "cannot_open"


def derived_key(purpose: str) -> bytes:
    """A 32-byte key for one purpose, from the installation's seal key (HUMANA_SEAL_KEY)."""
    root = base64.b64decode(settings.HUMANA_SEAL_KEY or "")
    if len(root) != 32:
        raise Misconfigured("HUMANA_SEAL_KEY must be 32 random bytes in base64")
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(root)


def associated(*parts: str) -> bytes:
    """Injective over any strings: each part is preceded by its length."""
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


def seal(plain: bytes, *, key: bytes, place: bytes) -> bytes:
    """Encrypt for one place. The nonce is random; retire a key long before 2**32 values."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plain, _VERSION + place)


def open_sealed(sealed: bytes, *, key: bytes, place: bytes) -> bytes:
    """The opposite of `seal`; raises CannotOpen rather than answer anything else."""
    if sealed[:1] != _VERSION:
        raise CannotOpen("sealed value of an unknown version")
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, _VERSION + place)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("sealed value does not belong here") from error


def sign(message: bytes, *, key: bytes) -> str:
    """HMAC-SHA256 in hex."""
    return hmac.new(key, message, sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Constant-time comparison."""
    return hmac.compare_digest(left.encode(), right.encode())
