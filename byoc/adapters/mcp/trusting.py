"""What a server or a service of sign-ins is not trusted with, whatever it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel.egress import EgressRefused, Guard, Origin
from humana.kernel.errors import EndpointError

if TYPE_CHECKING:
    from mcp.shared.auth import OAuthMetadata


def judge_description(named: str, server: str) -> None:
    """A server speaks of itself at its own origin only; whoever else it names is not asked."""
    if Origin.of(named) != Origin.of(server):
        message = _(
            "The server names somebody else's description. It was not asked; tell who runs the server."
        )
        raise EndpointError(Worded(message), permanent=True, code="sign_in_unsafe")


def judge_service(metadata: OAuthMetadata, guard: Guard) -> None:
    """A browser is sent by https, or where an operator let this organization dial; PKCE is a must."""
    if not _may_send(str(metadata.authorization_endpoint), guard):
        message = _("The service's page to sign in is not reached by https. Nobody is sent there.")
        raise EndpointError(Worded(message), permanent=True, code="sign_in_unsafe")
    if "S256" not in (metadata.code_challenge_methods_supported or ()):
        message = _(
            "The service does not protect who signs in as it must (PKCE with S256). Tell who runs it."
        )
        raise EndpointError(Worded(message), permanent=True, code="sign_in_unsafe")


def unregistered() -> EndpointError:
    message = _("The service takes no new clients by itself. Ask who runs it for a token, and enter that.")
    return EndpointError(Worded(message), permanent=True, code="sign_in_unknown")


def _may_send(url: str, guard: Guard) -> bool:
    try:
        origin = Origin.of(url)
    except EgressRefused:
        return False
    literal = origin.literal
    return "#" not in url and (
        origin.scheme == "https"
        or any(
            one.covers(origin, literal)
            if literal is not None
            else (one.scheme, one.host, one.port) == (origin.scheme, origin.host, origin.port)
            for one in guard.grants
        )
    )
