"""The keys that seal what Humana keeps for one organization outside of its database."""

from __future__ import annotations

import uuid

from humana.kernel.crypto import derived_key


def organization_key(organization_id: uuid.UUID, purpose: str) -> bytes:
    """That organization's key for one purpose, 32 bytes; another organization's opens nothing of it.

    Ask in a short call, before the work begins, and hold it no longer than the work: it may one day be a
    customer's own, which is asked for over the network and can be taken back. Raises CannotOpen then.
    """
    return derived_key(f"{purpose}/{organization_id.hex}")
