"""The key of a service account, read from its JSON: only what it is for, and only Google's own addresses.

Google's libraries would send a signed assertion to whatever address such a file names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from humana.kernel.errors import Misconfigured

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_NEEDED = ("client_email", "private_key", "private_key_id")


@dataclass(frozen=True, slots=True)
class Keys:
    known: dict[str, str] = field(repr=False)

    def credentials(self) -> Any:
        """Google's own object, scoped to objects of storage."""
        from google.oauth2.service_account import Credentials

        make: Any = Credentials.from_service_account_info
        return make(self.known, scopes=[SCOPE])


def read_keys(text: str, name: str) -> Keys:
    """Raises Misconfigured with what is wrong with it, and never a word of it."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("type") != "service_account":
        raise Misconfigured(f"{name!r} needs the whole JSON of a service account's key")
    if absent := [one for one in _NEEDED if not isinstance(told.get(one), str)]:
        raise Misconfigured(f"the key of {name!r} lacks {', '.join(absent)}")
    if told.get("token_uri", TOKEN_URL) != TOKEN_URL:
        raise Misconfigured(f"the key of {name!r} names another address for tokens than {TOKEN_URL}")
    if told.get("universe_domain", "googleapis.com") != "googleapis.com":
        raise Misconfigured(f"the key of {name!r} is not one of googleapis.com")
    keys = Keys({one: told[one] for one in _NEEDED} | {"token_uri": TOKEN_URL, "type": "service_account"})
    try:
        keys.credentials()
    except ValueError:
        raise Misconfigured(f"the private key of {name!r} cannot be read") from None
    return keys
