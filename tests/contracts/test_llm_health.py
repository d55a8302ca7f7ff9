"""What a probe says: each mistake in the endpoint's fields has a sentence of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils.translation import override

from byoc.contracts import LLMAdapter
from byoc.contracts.words import Worded
from byoc.sentences import in_words
from humana.kernel.errors import EndpointError
from tests.contracts.conftest import SCRIPTED, Peer
from tests.fixtures.models import ScriptedModel
from tests.peers.certificates import certificate_for
from tests.peers.strange import Listening

pytestmark = pytest.mark.asyncio
Maker = Callable[..., LLMAdapter]

AZURES_KEY = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
    "for an active subscription and use a correct regional API endpoint for your resource."
)
MISTAKES = [
    ("openai", "says:401:Incorrect API key provided: sk-secret.", "unauthorized", "does not accept the key"),
    ("openai", "says:401:incorrect_hostname, use us.api.openai.com", "unauthorized", "in this region"),
    ("openai", "says:403:unsupported_country_region_territory", "unauthorized", "in this region"),
    ("anthropic", "says:401:invalid x-api-key", "unauthorized", "does not accept the key"),
    ("anthropic", "says:403:permission_error", "unauthorized", "give it the right"),
    ("google", "says:400:API key not valid. Please pass a valid API key.", "unauthorized", "accept the key"),
    ("google", "says:400:User location is not supported for the API use.", "unauthorized", "in this region"),
    ("azure", f"says:401:{AZURES_KEY}", "unauthorized", "belongs to this address"),
    ("azure", "says:404:The API deployment for this resource does not exist.", "not_found", "no deployment"),
    ("azure", "says:400:API version not supported", "bad_request", "version of its API"),
    ("custom", "status:404", "not_found", "check address, API version and model"),
    ("custom", "status:302", "bad_request", "redirects are not followed"),
    ("custom", "status:503", "overloaded", "too busy"),
    ("custom", "html", "malformed", "list of models"),
]


@pytest.mark.parametrize(("kind", "script", "code", "words"), MISTAKES)
async def test_each_mistake_is_told_apart(
    scripted_peer: Callable[[str], Peer],
    adapter_for: Maker,
    scripted_model: ScriptedModel,
    kind: str,
    script: str,
    code: str,
    words: str,
) -> None:
    scripted_model.script(script)
    options = {"checks_model": True} if kind == "custom" else {}
    health = await adapter_for(scripted_peer(kind), options=options).health()
    assert (health.ok, health.code) == (False, code)
    assert words in health.message
    assert "sk-secret" not in health.message


@pytest.mark.parametrize("peer", ["openai-scripted", "anthropic-scripted", "google-scripted"], indirect=True)
async def test_an_unknown_model_is_named(peer: Peer, adapter_for: Maker) -> None:
    health = await adapter_for(peer, model="gone").health()
    assert (health.ok, health.code) == (False, "not_found")
    assert "knows no model “gone”" in health.message


async def test_a_server_of_one_model_is_asked_for_any(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker
) -> None:
    assert (await adapter_for(scripted_peer("custom"), model="whatever").health()).ok


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
async def test_a_probe_spends_no_token(adapter: LLMAdapter, scripted_model: ScriptedModel) -> None:
    assert (await adapter.health()).ok
    assert all(entry.body["messages"] == [] for entry in scripted_model.entries)  # azure's question


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
async def test_what_an_endpoint_offers(adapter: LLMAdapter, peer: Peer) -> None:
    names = [model.name for model in await adapter.models()]
    assert names == ([] if peer.type == "azure" else ["scripted"])


async def test_what_is_offered_cannot_be_read_with_a_wrong_key(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    scripted_model.script("status:401")
    with pytest.raises(EndpointError) as raised:
        await adapter_for(scripted_peer("openai")).models()
    assert raised.value.code == "unauthorized"


class SelfSigned(Listening):
    """TLS with a certificate that nobody knows."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        super().__init__()

    def serve(self, peer: socket.socket) -> None:
        with self._tls.wrap_socket(peer, server_side=True):
            pass


class Plain(Listening):
    """HTTP where TLS is meant."""

    def serve(self, peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


PLACES = [
    ("http://127.0.0.1:9/v1", "Nothing answers"),
    ("http://no-such-host.invalid/v1", "cannot be found: check its name"),
]


@pytest.mark.parametrize(("url", "words"), PLACES)
async def test_a_wrong_address(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, url: str, words: str
) -> None:
    health = await adapter_for(scripted_peer("openai"), url=url).health()
    assert (health.ok, health.code) == (False, "unreachable")
    assert words in health.message


async def test_https_where_there_is_none(scripted_peer: Callable[[str], Peer], adapter_for: Maker) -> None:
    door = Plain()
    try:
        health = await adapter_for(scripted_peer("openai"), url=f"https://127.0.0.1:{door.port}/v1").health()
    finally:
        door.close()
    assert (health.ok, health.code) == (False, "unreachable")
    assert "does not speak TLS" in health.message


async def test_a_certificate_of_nobody(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, tmp_path: Path
) -> None:
    door = SelfSigned(*certificate_for("localhost", tmp_path))
    try:
        health = await adapter_for(scripted_peer("openai"), url=f"https://localhost:{door.port}/v1").health()
    finally:
        door.close()
    assert (health.ok, health.code) == (False, "unreachable")
    assert "no authority that this machine trusts" in health.message


async def test_silence_is_not_waited_for(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    scripted_model.script("slow-headers:9000")
    health = await adapter_for(scripted_peer("custom"), options={"connect_seconds": 0.2}).health()
    assert (health.ok, health.code) == (False, "timeout")


async def test_the_sentence_can_still_be_translated() -> None:
    message = Worded("%(name)s asks us to slow down.", name="Ana's model")
    assert message == "Ana's model asks us to slow down."
    with override("en"):
        assert in_words(message) == str(message)
    with override("pt-br"):
        assert in_words(message) == "Ana's model pede que façamos menos solicitações."
    assert in_words("as it is: 100%") == "as it is: 100%"
