"""Tokens of a service: asked for with what the browser brought back, made fresh, taken back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import httpx2

from byoc.adapters.mcp.service import provider_of
from byoc.adapters.mcp.stepping import ask, refusal, steps
from byoc.contracts.sign_in import Service, Tokens
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel.egress import Guard
from humana.kernel.errors import EndpointError

if TYPE_CHECKING:
    from mcp.client.auth import OAuthClientProvider

#: As a header carries it.
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")
LONGEST_SCOPE, LONGEST_SECONDS = 1_000, 366 * 24 * 60 * 60
#: The service has judged and says no; everything else may be another time.
REFUSING = frozenset({400, 401, 403})
REFUSED = "sign_in_refused"


def authorization(service: Service, state: str) -> tuple[str, str]:
    """Where the person's browser goes, and the verifier, which is nobody's but ours until the exchange."""
    from mcp.client.auth import PKCEParameters

    proof = PKCEParameters.generate()
    asked = {
        "response_type": "code", "client_id": str(service.client["client_id"]),
        "redirect_uri": service.redirect, "state": state, "resource": service.resource,
        "code_challenge": proof.code_challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    if service.scope:
        asked["scope"] = service.scope
    if "offline_access" in service.scope.split():
        asked["prompt"] = "consent"  # without it OpenID services leave it out
    page = str(service.metadata["authorization_endpoint"])
    return f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(asked)}", proof.code_verifier


async def exchange(service: Service, guard: Guard, code: str, verifier: str, issuer: str | None) -> Tokens:
    """Raises EndpointError; `sign_in_refused` where the service does not take the code.

    `issuer` is who the browser says it comes from, where it says so.
    """
    from mcp.client.auth.utils import validate_authorization_response_iss

    async with steps():
        provider = _provider(service)
        validate_authorization_response_iss(issuer, provider.context.oauth_metadata)
        asked = await provider._exchange_token_authorization_code(code, verifier)
        return await _told(asked, guard, Tokens("", scope=service.scope))


async def refresh(service: Service, guard: Guard, tokens: Tokens) -> Tokens:
    """Spends the refresh token: it is to be kept what comes back. Raises as `exchange`."""
    async with steps():
        provider = _provider(service, tokens)
        return await _told(await provider._refresh_token(), guard, tokens)


async def revoke(service: Service, guard: Guard, tokens: Tokens) -> bool:
    """Whether the service says that it forgot them; False where it has no way to be told."""
    page = service.metadata.get("revocation_endpoint")
    if not page:
        return False
    async with steps():
        told = [("refresh_token", tokens.refresh), ("access_token", tokens.access)]
        answers = [await _revoked(service, guard, str(page), *one) for one in told if one[1]]
        return all(answers)


async def _revoked(service: Service, guard: Guard, page: str, kind: str, token: str) -> bool:
    data = {"token": token, "token_type_hint": kind, "client_id": str(service.client["client_id"])}
    data, heads = _provider(service).context.prepare_token_auth(data, {})
    answer = await ask(httpx2.Request("POST", page, data=data, headers=heads), guard)
    return answer.status_code == 200


async def _told(request: httpx2.Request, guard: Guard, before: Tokens) -> Tokens:
    """What is not said anew stays: the scope, and a refresh token that is not replaced."""
    from mcp.client.auth.utils import handle_token_response_scopes

    answer = await ask(request, guard)
    if answer.status_code in REFUSING:
        raise EndpointError(_again(), permanent=True, code=REFUSED)
    if answer.status_code not in (200, 201):
        raise refusal(answer.status_code)
    told = await handle_token_response_scopes(answer)
    refreshed = told.refresh_token or before.refresh
    if not _TOKEN.fullmatch(told.access_token) or (refreshed and not _TOKEN.fullmatch(refreshed)):
        raise EndpointError(_again(), permanent=True, code=REFUSED)
    seconds = None if told.expires_in is None else max(0, min(told.expires_in, LONGEST_SECONDS))
    return Tokens(told.access_token, refreshed, (told.scope or before.scope)[:LONGEST_SCOPE], seconds)


def _again() -> Worded:
    return Worded(_("The service does not accept the sign-in. Sign in there again."))


def _provider(service: Service, tokens: Tokens | None = None) -> OAuthClientProvider:
    """As it was when the service was found."""
    from mcp.shared.auth import (
        OAuthClientInformationFull,
        OAuthMetadata,
        OAuthToken,
        ProtectedResourceMetadata,
    )

    made = provider_of(service.server, service.redirect)
    described = {"resource": service.resource, "authorization_servers": [service.issuer]}
    made.context.protected_resource_metadata = ProtectedResourceMetadata.model_validate(described)
    made.context.oauth_metadata = OAuthMetadata.model_validate(service.metadata)
    made.context.client_info = OAuthClientInformationFull.model_validate(service.client)
    if tokens is not None:
        made.context.current_tokens = OAuthToken(
            access_token=tokens.access, refresh_token=tokens.refresh or None
        )
    return made
