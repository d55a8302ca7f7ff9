"""The door to signing in for a server of tools by OAuth. Who asks holds no connection meanwhile.

door = sign_in_door(organization_id)     inside the organization; reads what may be dialled
service = door.find_now(server, back)    asks server and service, and registers there
page, verifier = door.page(service, state)
tokens = door.exchange_now(service, code, verifier, issuer)
await door.refresh(service, tokens)
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from byoc import endpoints
from byoc.adapters import mcp
from byoc.contracts.sign_in import Service, Tokens
from byoc.contracts.tools import ToolServer
from byoc.sentences import in_words
from humana.kernel.egress import Guard
from humana.kernel.errors import EndpointError

T = TypeVar("T")
#: The code of a refusal that only a person can mend, by signing in again.
REFUSED = "sign_in_refused"


@dataclass(frozen=True, slots=True)
class SignInDoor:
    """What one organization may ask of services at which its people sign in. All raise EndpointError."""

    guard: Guard

    def find_now(self, server: ToolServer, redirect: str) -> Service:
        """`server` without a token; the browser comes back to `redirect`. Takes seconds."""
        return asyncio.run(_worded(mcp.find_service(server, self.guard, redirect)))

    def page(self, service: Service, state: str) -> tuple[str, str]:
        """Where the browser is sent, and the verifier that the exchange wants."""
        return mcp.authorization(service, state)

    def exchange_now(self, service: Service, code: str, verifier: str, issuer: str | None) -> Tokens:
        """Tokens for the code that the browser brought."""
        return asyncio.run(_worded(mcp.exchange(service, self.guard, code, verifier, issuer)))

    async def refresh(self, service: Service, tokens: Tokens) -> Tokens:
        """New ones for old ones, which are spent by it. REFUSED where somebody has to sign in again."""
        return await _worded(mcp.refresh(service, self.guard, tokens))

    def revoke_now(self, service: Service, tokens: Tokens) -> bool:
        """Whether the service says that it forgot them."""
        return asyncio.run(_worded(mcp.revoke(service, self.guard, tokens)))


def sign_in_door(organization_id: uuid.UUID) -> SignInDoor:
    return SignInDoor(endpoints.guard_for(organization_id))


async def _worded(work: Coroutine[Any, Any, T]) -> T:
    """What goes wrong is said in the language of who asks."""
    try:
        return await work
    except EndpointError as error:
        error.message = in_words(error.message)
        raise
