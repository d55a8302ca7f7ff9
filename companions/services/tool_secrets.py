"""What opens a server of tools: sealed for one organization, row and origin; never shown again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from companions.models import McpServer
from humana.kernel.crypto import CannotOpen, associated, derived_key, open_sealed, seal

#: Among the secrets, what is sent as `Authorization: Bearer …`; every other name is that of a header.
TOKEN = "token"  # noqa: S105 a name


def sealed_secrets(server: McpServer, secrets: Mapping[str, str]) -> str:
    if not secrets:
        return ""
    plain = json.dumps(dict(secrets)).encode()
    return seal(plain, key=derived_key("mcp_server"), place=_place(server)).hex()


def secrets_of(server: McpServer) -> dict[str, str]:
    """Raises CannotOpen when organization, row or origin are not those they were given for."""
    if not server.credentials:
        return {}
    sealed = bytes.fromhex(server.credentials)
    known: dict[str, str] = json.loads(
        open_sealed(sealed, key=derived_key("mcp_server"), place=_place(server))
    )
    return known


def names_kept(server: McpServer) -> list[str]:
    """The names of what is kept, for a page; empty where it does not open any more."""
    try:
        return sorted(secrets_of(server))
    except CannotOpen:
        return []


def headers_of(server: McpServer) -> dict[str, str]:
    """What is sent along with every request to the server, and to nobody else."""
    secrets = secrets_of(server)
    token = secrets.pop(TOKEN, "")
    return {**secrets, **({"Authorization": f"Bearer {token}"} if token else {})}


def _place(server: McpServer) -> bytes:
    return associated("mcp_server", str(server.organization_id), server.id.hex, server.origin)
