"""OpenID Connect, asked of a provider that somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from byoc.adapters.identity import make
from byoc.contracts import EndpointSpec, Finding
from humana.kernel.egress import Grant, Guard
from tests.peers.certificates import certificate_for
from tests.peers.oidc import OIDCProvider

pytestmark = [pytest.mark.adapters, pytest.mark.needs("oidc")]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OIDCProvider]:
    one = OIDCProvider(tmp_path_factory.mktemp("oidc"))
    running = one.start()
    yield one
    running.stop()


async def looked_at(issuer: str, *granted: str) -> tuple[Finding, ...]:
    known = {"client_id": "humana", "client_secret": "s3cret"}
    options = {"client_id": known.pop("client_id")}
    spec = EndpointSpec("Login", "identity", "oidc", issuer, owner="acme", options=options, credentials=known)
    grants = [Grant.for_url(url, owner="acme", reason="a test") for url in granted or (issuer,)]
    return await make(spec, Guard("acme", grants)).validate()


def told(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.level, str(one)) for one in found]


async def test_a_provider_with_keys_of_every_kind_serves(provider: OIDCProvider) -> None:
    found = await looked_at(provider.url)
    assert told(found) == [("fact", "ES256, Ed25519, EdDSA, PS256, RS256"), ("fact", "3 keys")]


async def test_nothing_is_asked_on_loopback_without_an_operators_grant(provider: OIDCProvider) -> None:
    found = await looked_at(provider.url, "http://127.0.0.1:9")
    assert found[0].code == "forbidden"


async def test_the_issuer_is_entered_as_the_provider_writes_it(provider: OIDCProvider) -> None:
    """Under another name of the same machine it answers, and calls itself otherwise; we say how."""
    other = provider.url.replace("127.0.0.1", "localhost")
    (found,) = await looked_at(other)
    assert (found.level, found.code, found.field) == ("refuse", "another_issuer", "url")
    assert {one.level for one in await looked_at(found.told["issuer"])} == {"fact"}


async def test_a_slash_at_the_end_is_part_of_the_issuer(tmp_path: Path) -> None:
    provider = OIDCProvider(tmp_path, keys=1, slash="/")
    running = provider.start()
    try:
        (found,) = await looked_at(provider.url)
        assert found.told["issuer"] == f"{provider.url}/"
        assert told(await looked_at(f"{provider.url}/")) == [("fact", "PS256, RS256"), ("fact", "1 keys")]
    finally:
        running.stop()


async def test_a_provider_without_a_key_signs_nobody_in(tmp_path: Path) -> None:
    """It then names no method either; what is missing are the keys, so that is said."""
    provider = OIDCProvider(tmp_path, keys=0)
    running = provider.start()
    try:
        assert b'"keys":[]' in urlopen(f"{provider.url}/jwks").read()
        assert [(one.level, one.code) for one in await looked_at(provider.url)] == [("refuse", "no_keys")]
    finally:
        running.stop()


async def test_a_certificate_that_this_machine_does_not_trust(tmp_path: Path) -> None:
    provider = OIDCProvider(tmp_path, keys=1, certified=certificate_for("127.0.0.1", tmp_path))
    running = provider.start()
    try:
        assert [(one.level, one.code) for one in await looked_at(provider.url)] == [
            ("refuse", "not_certified")
        ]
    finally:
        running.stop()


async def test_a_provider_that_is_down(tmp_path: Path) -> None:
    provider = OIDCProvider(tmp_path, keys=1)
    provider.start().stop()
    (found,) = await looked_at(provider.url)
    assert (found.level, found.code) == ("refuse", "unreachable")
