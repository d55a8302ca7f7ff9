"""What an endpoint may be told of itself: headers, versions, abilities of its models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from byoc.adapters.llm import describe, make
from byoc.contracts import EndpointSpec, LLMAdapter
from humana.kernel.egress import Guard
from humana.kernel.errors import Misconfigured
from tests.contracts.conftest import SCRIPTED, Peer, ask
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.asyncio
Maker = Callable[..., LLMAdapter]


def made(type_: str = "custom", **changes: Any) -> EndpointSpec:
    spec = EndpointSpec("ours", "llm", type_, "https://models.example/v1", **changes)
    make(spec, Guard("platform"))
    return spec


@pytest.mark.parametrize("peer", SCRIPTED, indirect=True)
async def test_headers_open_and_secret_are_sent(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    adapter = adapter_for(
        peer,
        options={"headers": {"X-Route": "blue"}},
        credentials={"header:X-Gateway-Token": "hush", "user": "x"},
    )
    await adapter.generate(ask("hi"))
    sent = scripted_model.last.headers
    assert (sent["x-route"], sent["x-gateway-token"]) == ("blue", "hush")
    assert "hush" not in repr(adapter.spec) + str(adapter.spec)


async def test_a_secret_header_is_not_told_by_an_error(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    scripted_model.script("says:400:I do not like hush-hush at all")
    adapter = adapter_for(scripted_peer("custom"), credentials={"header:X-Token": "hush-hush"})
    with pytest.raises(Exception, match="I do not like … at all"):
        await adapter.generate(ask("hi"))


@pytest.mark.parametrize(
    "name", ["Authorization", "HOST", "api-key", "X-Api-Key", "x-goog-api-key", "Cookie", "Content-Length"]
)
@pytest.mark.parametrize("secret", [True, False])
async def test_nobody_stands_in_for_the_key_or_the_host(name: str, secret: bool) -> None:
    given: dict[str, Any] = (
        {"credentials": {f"header:{name}": "x"}} if secret else {"options": {"headers": {name: "x"}}}
    )
    with pytest.raises(Misconfigured, match="set by Humana"):
        made(**given)


@pytest.mark.parametrize(("name", "value"), [("X Y", "a"), ("X-Y", "a\r\nHost: b"), ("X-Y", "é"), ("", "a")])
async def test_a_header_is_one_line(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match="characters no header may have"):
        made(options={"headers": {name: value}})


@pytest.mark.parametrize(
    "options",
    [
        {"plces": 2},
        {"places": "two"},
        {"models": [{"name": "m", "tool": True}]},
        {"models": [{"tools": True}]},
        {"models": "all"},
        {"requests_per_minute": 1.5},
    ],
)
async def test_options_are_checked_when_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="'ours'"):
        made(options=options)


async def test_azures_address(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    peer = scripted_peer("azure")
    for url in (peer.url, peer.url + "/", peer.url + "/openai"):
        await adapter_for(peer, url=url, model="our-gpt", options={"api_version": "2030-01-01"}).generate(
            ask("hi")
        )
        sent = scripted_model.last
        assert sent.path == "/openai/deployments/our-gpt/chat/completions"
        assert sent.query == "api-version=2030-01-01"
        assert sent.headers["api-key"] == "sk-secret"
        assert "authorization" not in sent.headers


async def test_googles_version(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    for version in ("v1", "v1beta"):
        adapter = adapter_for(scripted_peer("google"), options={"api_version": version})
        assert (await adapter.generate(ask("hi"))).text == "hi"
        assert scripted_model.last.path == f"/{version}/models/scripted:streamGenerateContent"


async def test_openais_organization_and_project(
    scripted_peer: Callable[[str], Peer], adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    options = {"organization": "org-1", "project": "proj-2"}
    await adapter_for(scripted_peer("openai"), options=options).generate(ask("hi"))
    sent = scripted_model.last.headers
    assert (sent["openai-organization"], sent["openai-project"]) == ("org-1", "proj-2")


@pytest.mark.parametrize(
    ("type_", "model", "parameter", "warm"),
    [
        ("openai", "gpt-5.4-mini", "max_completion_tokens", False),
        ("openai", "gpt-4o", "max_tokens", True),
        ("azure", "o3", "max_completion_tokens", False),
        ("custom", "gpt-5.4-mini", "max_tokens", True),  # whatever it is called, it is another server
    ],
)
async def test_well_known_models_are_asked_as_they_like(
    scripted_peer: Callable[[str], Peer],
    adapter_for: Maker,
    scripted_model: ScriptedModel,
    type_: str,
    model: str,
    parameter: str,
    warm: bool,
) -> None:
    adapter = adapter_for(scripted_peer(type_), model=model)
    await adapter.generate(ask("hi", max_tokens=9, temperature=0.5))
    body = scripted_model.last.body
    assert body[parameter] == 9
    assert ("temperature" in body) == warm


async def test_what_the_customer_says_of_a_model_counts_more() -> None:
    own = [{"name": "our-gpt", "base": "gpt-4o", "context_tokens": 32_000, "tools": False}]
    card = describe(made("azure", model="our-gpt", options={"models": own}))
    assert (card.context_tokens, card.max_output_tokens, card.tools) == (32_000, 16_384, False)
    assert (card.vision, card.priced_as, card.type) == (True, "gpt-4o", "azure")


async def test_the_built_in_model_has_no_tools() -> None:
    assert not describe(made("local", model="smol", builtin=True)).tools
    assert describe(made("custom", model="whatever")).tools
