"""Streams as servers really send them, and as they should not: every protocol, scripted server."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from typing import Any

import pytest

from byoc.contracts import End, Event, LLMAdapter, TextDelta, Usage
from humana.kernel.errors import EndpointError
from tests.contracts.conftest import Peer, ask, everything, text_of
from tests.fixtures.models import ScriptedModel
from tests.peers.scripts import ACCENTED, FORMS

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.parametrize(
        "peer", ["openai-scripted", "anthropic-scripted", "google-scripted"], indirect=True
    ),
]
Maker = Callable[..., LLMAdapter]
LOOSE = {"first_seconds": 60.0, "idle_seconds": 60.0, "total_seconds": 60.0}


async def failure(adapter: LLMAdapter, text: str) -> tuple[list[Event], EndpointError]:
    """What came, and the error that ended it."""
    events: list[Event] = []
    with pytest.raises(EndpointError) as raised:
        async for event in adapter.stream(ask(text)):
            events.append(event)  # noqa: PERF401 - what came before the error counts
    return events, raised.value


@pytest.mark.in_turn(3)
@pytest.mark.parametrize("form", sorted(FORMS))
async def test_lawful_forms_all_say_the_same(adapter: LLMAdapter, peer: Peer, form: str) -> None:
    if form == "no-done" and peer.type == "anthropic":  # there an answer without its last event is cut
        pieces, error = await failure(adapter, f"form:{form}")
        assert (text_of(pieces), error.code) == (ACCENTED, "cut")
        return
    events = await everything(adapter, f"form:{form}")
    assert text_of(events) == ("" if form == "silence" else ACCENTED)
    assert events[-1] == End("stop")
    if form != "no-usage":
        assert isinstance(events[-2], Usage)
        assert (events[-2].input_tokens, events[-2].cached_tokens) == (11, 4)


async def test_what_came_in_one_read_comes_as_one_piece(adapter: LLMAdapter) -> None:
    events = await everything(adapter, "form:one-read")
    assert len([event for event in events if isinstance(event, TextDelta)]) == 1


async def test_pieces_come_as_they_arrive(adapter: LLMAdapter) -> None:
    started, times = time.monotonic(), []
    async for event in adapter.stream(ask("paced:10:30")):
        if isinstance(event, TextDelta):
            times.append(time.monotonic() - started)  # noqa: PERF401 - what came before the error counts
    assert len(times) > 5  # two may come in one read
    assert times[0] < 0.2
    assert times[-1] - times[0] > 0.2


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "content_filter"])
async def test_why_it_ended(adapter: LLMAdapter, reason: str) -> None:
    assert (await adapter.generate(ask(f"ends:{reason}"))).reason == reason


@pytest.mark.parametrize(
    ("script", "code", "permanent", "begun"),
    [
        ("cut:3", "cut", False, True),
        ("fin:3", "cut", False, True),
        ("fin:0", "cut", False, False),
        ("malformed:2", "malformed", False, True),
        ("malformed:0", "malformed", False, False),
        ("error:0", "overloaded", False, False),
        ("error:2", "overloaded", False, True),
        ("error:0:rate_limit_error", "rate_limited", False, False),
        ("error:0:invalid_request_error", "bad_request", True, False),
        ("html", "malformed", True, False),
        ("status:400", "bad_request", True, False),
        ("status:401", "unauthorized", True, False),
        ("status:403", "unauthorized", True, False),
        ("status:404", "not_found", True, False),
        ("status:408", "timeout", False, False),
        ("status:413", "context_too_long", True, False),
        ("status:422", "bad_request", True, False),
        ("status:429", "rate_limited", False, False),
        ("status:500", "overloaded", False, False),
        ("status:503", "overloaded", False, False),
        ("status:529", "overloaded", False, False),
        ("status:302", "bad_request", True, False),
        ("too-long", "context_too_long", True, False),
        ("filtered", "filtered", True, False),
        ("says:400:API key not valid. Please pass a valid API key.", "unauthorized", True, False),
        ("says:403:unsupported_country_region_territory", "unauthorized", True, False),
        ("says:404:DeploymentNotFound", "not_found", True, False),
        ("no-credit", "rate_limited", True, False),
        ("reset", "unreachable", False, False),
    ],
)
async def test_every_failure_has_a_code(
    adapter: LLMAdapter, script: str, code: str, permanent: bool, begun: bool
) -> None:
    events, error = await failure(adapter, script)
    assert (error.code, error.permanent) == (code, permanent)
    assert bool(events) == begun
    assert str(error).endswith(".") or "It says:" in str(error)
    assert "sk-secret" not in str(error)


async def test_retry_after_is_told(adapter: LLMAdapter) -> None:
    _, error = await failure(adapter, "status:429:7")
    assert error.retry_after == 7.0


async def test_a_redirect_is_not_followed(adapter: LLMAdapter, scripted_model: ScriptedModel) -> None:
    _, error = await failure(adapter, "status:307")
    assert "redirects are not followed" in str(error)
    assert len(scripted_model.entries) == 1


# Each limit is tightened alone, with all the others loose; the last test shows what happens
# without any.
@pytest.mark.parametrize(
    ("script", "limits", "code", "words"),
    [
        ("slow-headers:9000", {"first_seconds": 0.3}, "timeout", "has not begun"),
        ("stall:0", {"first_seconds": 0.3}, "timeout", "silent for 0.3"),
        ("stall:3", {"idle_seconds": 0.3}, "timeout", "silent for 0.3"),
        ("drip:20", {"first_seconds": 0.3}, "timeout", "silent for 0.3"),
        ("paced:500:20", {"total_seconds": 0.5}, "timeout", "not done after 0.5"),
        ("flood", {"max_bytes": 200_000}, "malformed", "larger than allowed"),
        ("endless", {"max_event_bytes": 200_000}, "malformed", "one event"),
    ],
)
async def test_a_limit_ends_it(
    peer: Peer, adapter_for: Maker, script: str, limits: dict[str, Any], code: str, words: str
) -> None:
    adapter = adapter_for(peer, options=LOOSE | limits)
    started = time.monotonic()
    _, error = await failure(adapter, script)
    assert (error.code, error.permanent) == (code, False)
    assert words in str(error)
    assert time.monotonic() - started < 8.0


@pytest.mark.battery
@pytest.mark.parametrize("script", ["slow-headers:9000", "stall:0", "stall:3", "drip:20", "paced:500:20"])
async def test_without_a_limit_it_would_go_on(peer: Peer, adapter_for: Maker, script: str) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(everything(adapter_for(peer, options=LOOSE), script), 1.0)


async def test_a_slow_reader_is_not_a_silent_server(peer: Peer, adapter_for: Maker) -> None:
    seen = 0
    async for _ in adapter_for(peer, options={"idle_seconds": 0.1}).stream(ask("paced:6:5")):
        seen += 1
        if seen == 1:
            await asyncio.sleep(0.4)
    assert seen > 2


@pytest.mark.parametrize("script", ["flood", "endless"])
async def test_a_hostile_stream_takes_bounded_memory(peer: Peer, adapter_for: Maker, script: str) -> None:
    adapter = adapter_for(peer, options={"max_bytes": 64_000_000, "max_event_bytes": 1_000_000})
    await everything(adapter, "hello")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(EndpointError):
        async for _ in adapter.stream(ask(script)):
            pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # kilobytes


async def test_what_is_sent(peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel) -> None:
    adapter = adapter_for(peer, max_output_tokens=50)
    await adapter.generate(ask("hi", max_tokens=90, temperature=0.5, model="other", extra={"seed": 7}))
    sent = scripted_model.last
    body, headers = sent.body, sent.headers
    if peer.type == "google":
        assert sent.path == "/v1beta/models/other:streamGenerateContent"
        assert body["generationConfig"] == {"maxOutputTokens": 50, "temperature": 0.5}
    else:
        assert (body["model"], body["max_tokens"], body["temperature"]) == ("other", 50, 0.5)
        assert body["stream"] is True
    assert body["seed"] == 7
    assert headers["accept-encoding"] == "identity"
    assert "cookie" not in headers
    key = headers["x-goog-api-key" if peer.type == "google" else "authorization"]
    assert key.removeprefix("Bearer ") == "sk-secret"


async def test_system_messages_keep_their_place(adapter: LLMAdapter, scripted_model: ScriptedModel) -> None:
    await adapter.generate(ask("hi"))
    body = scripted_model.last.body
    roles = [turn["role"] for turn in body.get("messages") or body["contents"]]
    if "systemInstruction" in body:
        assert (body["systemInstruction"], roles) == ({"parts": [{"text": "Be brief."}]}, ["user"])
    elif "system" in body:
        assert (body["system"], roles) == ("Be brief.", ["user"])
    else:
        assert roles == ["system", "user"]


async def test_options_shape_the_request(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel
) -> None:
    options = {
        "tokens_parameter": "max_completion_tokens",
        "stream_usage": False,
        "accepts_temperature": False,
        "extra_body": {"repeat_penalty": 1.15},
        "headers": {"X-Route": "blue"},
    }
    await adapter_for(peer, options=options).generate(ask("hi", max_tokens=9, temperature=0.9))
    body, headers = scripted_model.last.body, scripted_model.last.headers
    assert "temperature" not in str(body)
    assert body["repeat_penalty"] == 1.15
    assert headers["x-route"] == "blue"
    if peer.type == "openai":
        assert body["max_completion_tokens"] == 9
        assert not {"max_tokens", "stream_options"} & set(body)


async def test_the_sdks_environment_stays_at_home(
    peer: Peer, adapter_for: Maker, scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An SDK would send these to whatever address it is given, a customer's included."""
    for name in (
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "OPENAI_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_GENAI_API_VERSION",
    ):
        monkeypatch.setenv(name, "not-yours")
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "X-Secret: not-yours\nAuthorization: not-yours")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await adapter_for(peer).generate(ask("hi"))
    assert "not-yours" not in str(scripted_model.last.headers)
