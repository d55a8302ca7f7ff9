"""What signing in for a server of tools gave: sealed for organization, row and address; never shown again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.utils import timezone

from byoc.contracts.sign_in import Service, Tokens
from companions.models import McpServer
from humana.kernel.crypto import CannotOpen, associated, derived_key, open_sealed, seal

PURPOSE = "mcp_sign_in"
#: A token is renewed this long before it ends.
EARLY = timedelta(seconds=30)
#: Columns that signing in, renewing and forgetting write.
COLUMNS = ["sign_in", "sign_in_state", "signed_in_at", "sign_in_until", "renewing_until"]


@dataclass(frozen=True, slots=True)
class Kept:
    """The service at which somebody signed in, and the tokens that it gave."""

    service: Service
    tokens: Tokens


def keep(row: McpServer, service: Service, tokens: Tokens) -> None:
    """Set them on the row in hand."""
    plain = json.dumps({"service": asdict(service), "tokens": asdict(tokens)}).encode()
    row.sign_in = seal(plain, key=derived_key(PURPOSE), place=_place(row)).hex()
    row.sign_in_state, row.renewing_until = McpServer.SignIn.DONE, None
    lasts = None if tokens.seconds is None else timedelta(seconds=tokens.seconds)
    row.sign_in_until = None if lasts is None else timezone.now() + lasts


def forget(row: McpServer, state: McpServer.SignIn = McpServer.SignIn.NONE) -> None:
    """Nothing is kept any more, on the row in hand."""
    row.sign_in, row.sign_in_state = "", state
    row.signed_in_at = row.sign_in_until = row.renewing_until = None


def kept_of(row: McpServer) -> Kept | None:
    """None where nobody signed in. CannotOpen where it was for another organization, row or address."""
    if not row.sign_in:
        return None
    sealed = bytes.fromhex(row.sign_in)
    told = json.loads(open_sealed(sealed, key=derived_key(PURPOSE), place=_place(row)))
    return Kept(Service(**told["service"]), Tokens(**told["tokens"]))


def shown(row: McpServer) -> Service | None:
    """For a page: where and for what somebody signed in; None where it does not open any more."""
    try:
        kept = kept_of(row)
    except CannotOpen:
        return None
    return kept.service if kept else None


def bearer_of(row: McpServer) -> dict[str, str]:
    """The header that the server is sent, and nobody else; empty where nobody signed in."""
    kept = kept_of(row)
    return {"Authorization": f"Bearer {kept.tokens.access}"} if kept else {}


def is_due(row: McpServer) -> bool:
    """Whether the token has ended, or is about to."""
    return bool(row.sign_in) and row.sign_in_until is not None and row.sign_in_until <= timezone.now() + EARLY


def _place(row: McpServer) -> bytes:
    return associated(PURPOSE, str(row.organization_id), row.id.hex, row.url)
