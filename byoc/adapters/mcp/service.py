"""Where somebody signs in for a server of tools: asked of the server, then of the service, and judged.

The SDK builds and reads every request; each goes through the guard, which judges its origin anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import httpx2

from byoc.adapters.mcp.stepping import STEP_SECONDS, ask, refusal, steps
from byoc.adapters.mcp.trusting import judge_description, judge_service, unregistered
from byoc.contracts.sign_in import Service
from byoc.contracts.tools import ToolServer
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel.egress import Guard, http_client
from humana.kernel.errors import EndpointError

if TYPE_CHECKING:
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata, ProtectedResourceMetadata

#: What of a service's description is kept; the rest is not needed once it was judged.
KEPT = {
    "issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint",
    "authorization_response_iss_parameter_supported",
}  # fmt: skip
KEPT_OF_CLIENT = {"client_id", "client_secret", "token_endpoint_auth_method", "issuer"}
#: The first of these that a service takes.
METHODS: tuple[Literal["client_secret_post", "client_secret_basic", "none"], ...] = (
    "client_secret_post",
    "client_secret_basic",
    "none",
)
LONGEST_SCOPE = 1_000


async def find_service(server: ToolServer, guard: Guard, redirect: str) -> Service:
    """Ask where one signs in, and register there. Raises EndpointError; nobody is sent anywhere yet."""
    from mcp.client.auth.utils import extract_scope_from_www_auth, get_client_metadata_scopes

    async with steps():
        provider = provider_of(server.url, redirect)
        challenge = await _challenge(server, guard)
        resource = await _resource(provider, challenge, guard)
        metadata = await _metadata(provider, resource, guard)
        judge_service(metadata, guard)
        scope = get_client_metadata_scopes(
            extract_scope_from_www_auth(challenge), resource, metadata, ["refresh_token"]
        )
        provider.context.client_metadata.scope = scope = (scope or "")[:LONGEST_SCOPE] or None
        client = await _register(provider, metadata, guard)
        return Service(
            server.url, redirect, provider.context.get_resource_url(), scope or "",
            metadata.model_dump(mode="json", include=KEPT, exclude_none=True),
            client.model_dump(mode="json", include=KEPT_OF_CLIENT, exclude_none=True),
        )  # fmt: skip


def provider_of(server_url: str, redirect: str) -> OAuthClientProvider:
    """The SDK's own, whose pieces are used one by one: it would wait for the browser in one go."""
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientMetadata
    from mcp_types import LATEST_PROTOCOL_VERSION
    from pydantic import AnyUrl

    told = OAuthClientMetadata(redirect_uris=[AnyUrl(redirect)], client_name="Humana", application_type="web")
    made = OAuthClientProvider(server_url, told, cast(Any, None))  # what it learns is kept by who asks
    made.context.protocol_version = LATEST_PROTOCOL_VERSION  # so that the resource is always named
    return made


async def _challenge(server: ToolServer, guard: Guard) -> httpx2.Response:
    """How the server answers who is not signed in; only its headers are read."""
    from mcp_types import LATEST_PROTOCOL_VERSION

    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": LATEST_PROTOCOL_VERSION, "capabilities": {},
            "clientInfo": {"name": "humana", "version": "1"},
        },
    }  # fmt: skip
    heads = {**server.headers, "Accept": "application/json, text/event-stream"}
    async with http_client(server.url, guard, max_bytes=0, seconds=STEP_SECONDS) as client:
        asked = httpx2.Request("POST", server.url, json=hello, headers=heads)
        answer = await client.send(asked, stream=True)
        await answer.aclose()
        return answer


async def _resource(
    provider: OAuthClientProvider, challenge: httpx2.Response, guard: Guard
) -> ProtectedResourceMetadata | None:
    """What the server says of itself, at an address of its own; None where it says nothing."""
    from mcp.client.auth.utils import (
        build_protected_resource_metadata_discovery_urls,
        create_oauth_metadata_request,
        extract_field_from_www_auth,
        handle_protected_resource_response,
    )

    server = provider.context.server_url
    named = extract_field_from_www_auth(challenge, "resource_metadata")
    if named is not None:
        judge_description(named, server)
    for url in build_protected_resource_metadata_discovery_urls(named, server):
        answer = await ask(create_oauth_metadata_request(url), guard)
        if answer.status_code >= 500 or answer.status_code == 429:
            raise refusal(answer.status_code)
        found = await handle_protected_resource_response(answer)
        if found is not None:
            await provider._validate_resource_match(found)
            provider.context.protected_resource_metadata = found
            provider.context.auth_server_url = str(found.authorization_servers[0])
            return found
    return None


async def _metadata(
    provider: OAuthClientProvider, resource: ProtectedResourceMetadata | None, guard: Guard
) -> OAuthMetadata:
    """The service's description of itself, which has to bear the name that it was asked for by."""
    from mcp.client.auth.utils import (
        build_oauth_authorization_server_metadata_discovery_urls,
        create_oauth_metadata_request,
        handle_auth_metadata_response,
        issuers_match,
        validate_metadata_issuer,
    )

    named, expected = provider.context.auth_server_url, provider._expected_issuer()
    for url in build_oauth_authorization_server_metadata_discovery_urls(named, provider.context.server_url):
        answer = await ask(create_oauth_metadata_request(url), guard)
        going, found = await handle_auth_metadata_response(answer)
        if not going:
            raise refusal(answer.status_code)
        if found is None:
            continue
        if named is None and issuers_match(str(found.issuer), expected):
            expected = str(found.issuer)
        validate_metadata_issuer(found, expected)
        provider.context.oauth_metadata = found
        return found
    raise EndpointError(
        Worded(_("The server does not say where to sign in. Enter a token, if you were given one.")),
        permanent=True, code="sign_in_unknown",
    )  # fmt: skip


async def _register(
    provider: OAuthClientProvider, metadata: OAuthMetadata, guard: Guard
) -> OAuthClientInformationFull:
    from mcp.client.auth.oauth2 import check_registration_usable
    from mcp.client.auth.utils import create_client_registration_request, handle_registration_response

    if metadata.registration_endpoint is None:
        raise unregistered()
    told = provider.context.client_metadata
    taken = metadata.token_endpoint_auth_methods_supported
    told.token_endpoint_auth_method = next((one for one in METHODS if one in (taken or ())), None)
    answer = await ask(create_client_registration_request(metadata, told, ""), guard)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise refusal(answer.status_code)
    if answer.status_code not in (200, 201):
        raise unregistered()
    client = await handle_registration_response(answer)
    check_registration_usable(client)
    client.issuer = str(metadata.issuer)
    return client
