"""Servers and services that lie about where one signs in: nobody is sent there, nothing is asked inward."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from byoc.contracts.sign_in import Service, Tokens
from byoc.contracts.tools import ToolServer
from byoc.tool_sign_in import SignInDoor
from humana.kernel.egress import Guard
from humana.kernel.errors import EndpointError
from tests.egress.census import census
from tests.egress.test_hostile import granted
from tests.peers.faults import FaultServer
from tests.peers.signed_tools import METADATA, RESOURCE, SignedPeer, browsed

pytestmark = pytest.mark.battery
BACK = "https://humana.example/back/"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def running() -> Iterator[SignedPeer]:
    made = SignedPeer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def peer(running: SignedPeer) -> SignedPeer:
    running.instead, running.asked, running.heads = {}, [], []
    running.authority.issuer = running.origin
    running.authority.clients = {}
    return running


@pytest.fixture
def inward() -> Iterator[FaultServer]:
    """Nobody granted it."""
    made = FaultServer()
    yield made
    made.close()


def door(peer: SignedPeer) -> SignInDoor:
    return SignInDoor(granted(peer.url))


def found(peer: SignedPeer) -> Service:
    return door(peer).find_now(ToolServer("hostile", "org-1", peer.url), BACK)


def refused(peer: SignedPeer) -> str:
    with pytest.raises(EndpointError) as refusal:
        found(peer)
    assert str(refusal.value.message), "in a sentence"
    assert peer.authority.clients == {}, "nobody registered there"
    return refusal.value.code


def describes(peer: SignedPeer, **told: Any) -> None:
    """The service, otherwise than it is; None leaves a line out."""
    usual = {
        "issuer": peer.origin,
        "authorization_endpoint": f"{peer.origin}/authorize",
        "token_endpoint": f"{peer.origin}/token",
        "registration_endpoint": f"{peer.origin}/register",
        "revocation_endpoint": f"{peer.origin}/revoke",
        "scopes_supported": ["tools.use"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
    body = {name: one for name, one in (usual | told).items() if one is not None}
    peer.instead[METADATA] = (200, JSON, json.dumps(body).encode())


def names(peer: SignedPeer, **told: Any) -> None:
    """The server, otherwise than it is."""
    body = {"resource": peer.url, "authorization_servers": [peer.origin], **told}
    peer.instead[RESOURCE] = (200, JSON, json.dumps(body).encode())


def challenges(peer: SignedPeer, described_at: str) -> None:
    head = {"WWW-Authenticate": f'Bearer error="invalid_token", resource_metadata="{described_at}"'}
    peer.instead["/mcp"] = (401, head, b"")


def test_what_is_honest_is_found(peer: SignedPeer) -> None:
    describes(peer)
    service = found(peer)
    assert (service.resource, service.scope, service.issuer) == (peer.url, "tools.use", peer.origin)
    told = [head.get("host") for head in peer.heads]
    assert set(told) == {f"127.0.0.1:{peer.port}"}


def test_a_description_at_another_origin_is_not_asked_for(peer: SignedPeer, inward: FaultServer) -> None:
    elsewhere = SignedPeer()
    elsewhere.start()
    try:
        for named in (
            inward.url, "http://169.254.169.254/latest", f"http://localhost:{peer.port}{RESOURCE}",
            "file:///etc/passwd", f"{elsewhere.origin}{RESOURCE}", f"http://127.0.0.1:{peer.port}@{inward.url[7:]}",
        ):  # fmt: skip
            challenges(peer, named)
            with census() as taken:
                one, other = granted(peer.url), granted(elsewhere.url)
                guard = Guard("org-1", [*one.grants, *other.grants])  # though it could be reached
                with pytest.raises(EndpointError) as refusal:
                    SignInDoor(guard).find_now(ToolServer("hostile", "org-1", peer.url), BACK)
            assert refusal.value.code in ("sign_in_unsafe", "forbidden"), named
            assert {port for _host, port in taken.dialled} == {peer.port}, named
        assert elsewhere.asked == []
    finally:
        elsewhere.stop()
    assert inward.heads == []


@pytest.mark.parametrize("line", ["authorization_servers", "registration_endpoint", "issuer"])
def test_no_step_leads_inward(peer: SignedPeer, inward: FaultServer, line: str) -> None:
    if line == "authorization_servers":
        names(peer, authorization_servers=[inward.url])
    else:
        describes(peer, **{line: f"{inward.url}/json"})
    with census() as taken:
        assert refused(peer) in ("forbidden", "sign_in_unsafe")
    assert {port for _host, port in taken.dialled} == {peer.port}
    assert inward.heads == []


def test_no_token_is_asked_for_inward(peer: SignedPeer, inward: FaultServer) -> None:
    describes(peer, token_endpoint=f"{inward.url}/json", revocation_endpoint=f"{inward.url}/json")
    service, way = found(peer), door(peer)
    page, verifier = way.page(service, "state")
    for ask in (
        lambda: way.exchange_now(service, "code", verifier, None),
        lambda: way.revoke_now(service, Tokens("access", "refresh")),
    ):
        with pytest.raises(EndpointError) as refusal:
            ask()
        assert refusal.value.code == "forbidden"
    assert inward.heads == []
    assert page.startswith(peer.origin)


@pytest.mark.parametrize(
    "page",
    [
        "http://login.example/authorize", "http://127.0.0.1:9/authorize", "javascript:alert(1)",
        "file:///etc/passwd", "data:text/html,x", "https://a@login.example/", "//login.example/authorize",
        "https://login.example/#", "$(touch /tmp/x)", "--renderer-cmd-prefix=x",
    ],
)  # fmt: skip
def test_no_browser_is_sent_where_it_is_not_safe(peer: SignedPeer, page: str) -> None:
    describes(peer, authorization_endpoint=page)
    assert refused(peer) in ("sign_in_unsafe", "sign_in_unknown", "malformed")


def test_what_is_not_protected_by_pkce_is_left(peer: SignedPeer) -> None:
    for methods in (["plain"], [], None):
        describes(peer, code_challenge_methods_supported=methods)
        assert refused(peer) == "sign_in_unsafe"


def test_a_token_for_another_server_is_not_asked_for(peer: SignedPeer) -> None:
    for other in ("https://bank.example/mcp", f"{peer.origin}/other", f"http://localhost:{peer.port}/mcp"):
        names(peer, resource=other)
        assert refused(peer) == "sign_in_unsafe"


def test_an_answer_of_another_service_is_not_exchanged(peer: SignedPeer) -> None:
    describes(peer, authorization_response_iss_parameter_supported=True)
    service, way = found(peer), door(peer)
    page, verifier = way.page(service, "state")
    code = browsed(page).partition("code=")[2].partition("&")[0]
    for issuer in ("https://other.example", None):
        with pytest.raises(EndpointError) as refusal:
            way.exchange_now(service, code, verifier, issuer)
        assert refusal.value.code == "sign_in_unsafe"
    assert "/token" not in peer.asked
    assert way.exchange_now(service, code, verifier, peer.origin).access
    with pytest.raises(EndpointError) as refusal:
        way.exchange_now(service, code, verifier, peer.origin)
    assert refusal.value.code == "sign_in_refused", "a code is good once"


def test_a_redirect_is_not_followed(peer: SignedPeer, inward: FaultServer) -> None:
    for code in (301, 302, 303, 307, 308):
        for path in (RESOURCE, METADATA, "/register"):
            peer.instead = {path: (code, {"Location": f"{inward.url}/json"}, b"")}
            if path == RESOURCE:
                found(peer)  # the server's other addresses are tried, and none of others
            else:
                assert refused_somehow(peer)
    assert inward.heads == []


def refused_somehow(peer: SignedPeer) -> str:
    peer.authority.clients = {}
    return refused(peer)


def test_a_description_that_never_ends_is_left(peer: SignedPeer) -> None:
    for path in (RESOURCE, METADATA):
        peer.instead = {path: (200, JSON, b"[" * 200_000)}
        assert refused(peer) == "malformed"


@pytest.mark.parametrize("fault", ["drip", "gib", "silent"])
def test_what_pours_or_drips_is_left_in_time(fault: str, inward: FaultServer) -> None:
    url, began = f"{inward.url}/{fault}", time.monotonic()
    with pytest.raises(EndpointError):
        SignInDoor(granted(url)).find_now(ToolServer("hostile", "org-1", url), BACK)
    assert time.monotonic() - began < 30
