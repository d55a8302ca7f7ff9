"""OpenID Connect and SCIM: asked of a service, and of one that answers as it should not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc.jwk import ECKey

from byoc.adapters.identity import make
from byoc.adapters.identity.base import MOST_BYTES
from byoc.contracts import EndpointSpec, Finding
from humana.kernel.egress import Grant, Guard

pytestmark = pytest.mark.adapters

Answers = dict[str, Any]


class Service:
    """A server of documents by path. A number is a status, a text starting with http a redirect."""

    def __init__(self) -> None:
        self.answers: Answers = {}
        self.asked: list[tuple[str, str]] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told.asked.append((self.path, self.headers.get("Authorization", "")))
                answer = told.answers.get(self.path, 404)
                if told.answers.get("token") not in (None, self.headers.get("Authorization")):
                    answer = 401
                status = answer if isinstance(answer, int) else 200
                body = b"" if isinstance(answer, int) else answer
                self.send_response(302 if isinstance(answer, str) else status)
                if isinstance(answer, str):
                    self.send_header("Location", answer)
                    body = b""
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


async def looked_at(
    service: Service, type_: str, *, grant: bool = True, **changes: Any
) -> tuple[Finding, ...]:
    spec = EndpointSpec("Theirs", "identity", type_, **({"url": service.url, "owner": "acme"} | changes))
    grants = [Grant.for_url(service.url, owner="acme", reason="a test")] if grant else []
    found = await make(spec, Guard("acme", grants)).validate()
    assert "s3cret" not in f"{found} {spec!r}"
    return found


def provider(service: Service) -> Answers:
    keys = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}
    document = {
        "issuer": service.url, "authorization_endpoint": f"{service.url}/auth",
        "token_endpoint": f"{service.url}/token", "jwks_uri": f"{service.url}/jwks",
        "id_token_signing_alg_values_supported": ["none", "HS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
    }  # fmt: skip
    return {"/.well-known/openid-configuration": document, "/jwks": keys}


async def test_a_provider_of_openid_connect_serves(service: Service) -> None:
    service.answers = provider(service)
    found = await looked_at(service, "oidc")
    assert {one.level for one in found} == {"fact"}
    assert "ES256" in [str(one) for one in found]


def _document(name: str, value: Any) -> Callable[[Answers], None]:
    return lambda answers: answers["/.well-known/openid-configuration"].update({name: value})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_document("issuer", "https://other.example"), "another_issuer"),
        (_document("jwks_uri", "http://169.254.169.254/keys"), "forbidden"),
        (_document("token_endpoint", "https://10.0.0.1/token"), "forbidden"),
        (_document("token_endpoint", "javascript:alert(1)"), "forbidden"),
        (_document("authorization_endpoint", None), "malformed"),
        (_document("id_token_signing_alg_values_supported", ["none", "HS256"]), "no_algorithm"),
        (lambda answers: answers.update({"/jwks": {"keys": []}}), "no_keys"),
        (lambda answers: answers.update({"/jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}), "no_keys"),
        (lambda answers: answers.update({"/jwks": {"keys": "none"}}), "no_keys"),
        (lambda answers: answers.update({"/jwks": "http://169.254.169.254/"}), "redirected"),
        (lambda answers: answers.update({"/jwks": b"x" * (MOST_BYTES + 1)}), "too_large"),
        (lambda answers: answers.update({"/jwks": b"[" * 100_000}), "malformed"),
        (lambda answers: answers.clear(), "not_found"),
    ],
)
async def test_what_is_wrong_with_a_provider_is_said(service: Service, change: Any, code: str) -> None:
    service.answers = provider(service)
    change(service.answers)
    found = await looked_at(service, "oidc")
    assert (found[0].level, found[0].code) == ("refuse", code), str(found[0])


@pytest.mark.parametrize("type_", ["oidc", "scim", "saml"])
async def test_what_was_not_granted_is_not_asked(service: Service, type_: str) -> None:
    found = await looked_at(service, type_, grant=False)
    assert found[0].code == "forbidden"
    assert service.asked == []


def directory() -> Answers:
    schema = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
    return {
        "token": "Bearer s3cret",
        "/ServiceProviderConfig": {"schemas": [schema]},
        "/ResourceTypes": {"Resources": [{"name": "User"}, {"name": "Group"}]},
        "/Users?count=1": {"Resources": []},
    }


@pytest.mark.parametrize(
    ("change", "token", "code"),
    [
        ({}, "s3cret", ""),
        ({}, "guessed", "unauthorized"),
        ({"/ServiceProviderConfig": 404}, "s3cret", "not_found"),
        ({"/ServiceProviderConfig": b"<html>"}, "s3cret", "malformed"),
        ({"/ServiceProviderConfig": {}}, "s3cret", "malformed"),
        ({"/ResourceTypes": {"Resources": [{"name": "Group"}]}}, "s3cret", "no_users"),
        ({"/Users?count=1": 403}, "s3cret", "unauthorized"),
    ],
)
async def test_a_directory_says_wrong_token_and_wrong_address(
    service: Service, change: Answers, token: str, code: str
) -> None:
    service.answers = directory() | change
    found = await looked_at(service, "scim", credentials={"token": token})
    refused = [one.code for one in found if one.level == "refuse"]
    assert refused == ([code] if code else [])


async def test_a_directory_in_the_clear_gets_no_password(service: Service) -> None:
    """It listens and is no LDAP server: nothing is said before the connection is encrypted."""
    url = service.url.replace("http://", "ldap://")
    spec = EndpointSpec(
        "Theirs", "identity", "ldap", url, owner="acme", options={"base": "dc=x"},
        credentials={"bind_dn": "cn=x", "password": "s3cret"},
    )  # fmt: skip
    port = service.server.server_port
    guard = Guard("acme", [Grant("acme", "ldap", port, "a test", host="127.0.0.1")])
    found = await make(spec, guard).validate()
    assert found[0].level == "refuse"
    assert "s3cret" not in f"{found} {service.asked}"
    assert (await make(spec, Guard("acme")).validate())[0].code == "forbidden"
