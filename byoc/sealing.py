"""Credentials of endpoints: sealed for one organization, row, type and origin; never shown again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from byoc.models import Endpoint
from humana.kernel.crypto import associated, derived_key, open_sealed, seal


def sealed_credentials(endpoint: Endpoint, credentials: Mapping[str, str]) -> str:
    return seal(json.dumps(dict(credentials)).encode(), key=_key(), place=_place(endpoint)).hex()


def credentials_of(endpoint: Endpoint) -> dict[str, str]:
    """Raises CannotOpen when organization, row, type or origin are not those they were given for."""
    if not endpoint.credentials:
        return {}
    plain = open_sealed(bytes.fromhex(endpoint.credentials), key=_key(), place=_place(endpoint))
    known: dict[str, str] = json.loads(plain)
    return known


def _place(endpoint: Endpoint) -> bytes:
    return associated(
        "endpoint", str(endpoint.organization_id or ""), endpoint.id.hex, endpoint.type, endpoint.origin
    )


def _key() -> bytes:
    return derived_key("endpoint")
