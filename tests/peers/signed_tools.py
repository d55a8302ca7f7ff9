"""A server of tools that wants somebody to sign in, and the service for it: both the official SDK's own.

`instead` answers a path in another way: (status, headers, body). `asked` keeps every path that was asked for,
`granted` each token that was given out, by resource.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp.server import Server
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    OAuthAuthorizationServerProvider,
    ProviderTokenVerifier,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from tests.peers.tool_server import ToolPeer

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource/mcp"
SCOPES = ["tools.use"]
Instead = tuple[int, dict[str, str], bytes]


@dataclass
class Authority(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """Lets everybody in who comes with a browser; `seconds` is how long a token is good, `slow` how long
    a refresh takes."""

    issuer: str
    seconds: int = 3600
    slow: float = 0.0
    clients: dict[str, OAuthClientInformationFull] = field(default_factory=dict)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    refreshing: dict[str, RefreshToken] = field(default_factory=dict)
    refreshed: int = 0

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        code = secrets.token_urlsafe(32)
        self.codes[code] = AuthorizationCode(
            code=code, scopes=params.scopes or [], expires_at=time.time() + 60, client_id=client.client_id,
            code_challenge=params.code_challenge, redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=True, resource=params.resource,
        )  # fmt: skip
        return construct_redirect_uri(
            str(params.redirect_uri), code=code, state=params.state, iss=self.issuer
        )

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        del self.codes[authorization_code.code]
        return self._granted(client.client_id, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> RefreshToken | None:
        return self.refreshing.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """Spent at once; who comes with it again is refused."""
        del self.refreshing[refresh_token.token]
        self.refreshed += 1
        await asyncio.sleep(self.slow)
        return self._granted(client.client_id, scopes, refresh_token.resource)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.access.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.access.pop(token.token, None)
        self.refreshing.pop(token.token, None)

    def _granted(self, client_id: str, scopes: list[str], resource: str | None) -> OAuthToken:
        told: Any = {"client_id": client_id, "scopes": scopes, "resource": resource}
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.access[access] = AccessToken(token=access, expires_at=int(time.time()) + 3600, **told)
        self.refreshing[refresh] = RefreshToken(token=refresh, **told)
        return OAuthToken(
            access_token=access, refresh_token=refresh, expires_in=self.seconds, scope=" ".join(scopes)
        )


@dataclass
class SignedPeer(ToolPeer):
    """Answers nobody who has no token of its `authority` for it."""

    instead: dict[str, Instead] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    authority: Authority = field(init=False)

    def _app(self, server: Server[Any]) -> Any:
        self.authority = Authority(self.origin)
        told = AuthSettings.model_validate({
            "issuer_url": self.origin, "resource_server_url": self.url, "required_scopes": SCOPES,
            "validate_token_resource": True, "revocation_options": RevocationOptions(enabled=True),
            "client_registration_options": ClientRegistrationOptions(enabled=True, valid_scopes=SCOPES),
        })  # fmt: skip
        app = server.streamable_http_app(
            auth=told, auth_server_provider=self.authority,
            token_verifier=ProviderTokenVerifier(self.authority),
        )  # fmt: skip
        return self._otherwise(app)

    def _otherwise(self, app: Any) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            path = scope.get("path", "")
            if scope["type"] == "http":
                self.asked.append(path)
            if path not in self.instead:
                await app(scope, receive, send)
                return
            status, heads, body = self.instead[path]
            named = [(name.lower().encode(), value.encode()) for name, value in heads.items()]
            await send({"type": "http.response.start", "status": status, "headers": named})
            await send({"type": "http.response.body", "body": body})

        return answer


def browsed(page: str) -> str:
    """Where the service sends the browser back to, having let the person in."""
    answer = httpx2.get(page)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]
