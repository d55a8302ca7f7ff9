"""Every adapter against every server that speaks its protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from byoc.adapters.llm import ADAPTERS, make
from byoc.contracts import ChatMessage, ChatRequest, EndpointSpec, Event, LLMAdapter, TextDelta
from humana.embedded.process import free_port
from humana.kernel.egress import Grant, Guard
from tests.egress.census import census

PEERS = Path(__file__).resolve().parents[1] / "peers"
PROTOCOLS = {
    "openai": "openai",
    "azure": "azure",
    "google": "google",
    "anthropic": "anthropic",
    "custom": "openai",
    "local": "openai",
}
#: What limits would make slow in a test; a test that is about one of them says its own.
QUICK = {
    "connect_seconds": 2.0,
    "first_seconds": 5.0,
    "idle_seconds": 5.0,
    "total_seconds": 20.0,
    "attempts": 1,
}


#: aimock answers to any model, but its list has only these; it lists nothing to azure and google.
LISTED_BY_AIMOCK = {
    "openai": "gpt-4o",
    "azure": "gpt-4o",
    "google": "gemini-2.0-flash",
    "anthropic": "claude-3-5-sonnet-20241022",
}


def based(url: str, kind: str) -> str:
    """Where a server's address ends for that kind of endpoint."""
    return f"{url}/v1" if PROTOCOLS[kind] == "openai" else url


@dataclass(frozen=True)
class Peer:
    """A server, how to reach it, and what to ask it."""

    name: str
    type: str
    url: str
    key: str
    model: str
    plain: str  # a question with an answer of some words
    long: str  # a question whose answer takes seconds
    options: dict[str, Any] = field(default_factory=dict)

    def spec(self, **changes: Any) -> EndpointSpec:
        options = QUICK | self.options | changes.pop("options", {})
        given: dict[str, Any] = {"name": self.name, "kind": "llm", "type": self.type, "url": self.url}
        given |= {"model": self.model, "key": self.key, "max_output_tokens": 400}
        return EndpointSpec(**(given | changes), options=options)


def ask(text: str, **more: Any) -> ChatRequest:
    return ChatRequest((ChatMessage("system", "Be brief."), ChatMessage("user", text)), **more)


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def everything(adapter: LLMAdapter, text: str, **more: Any) -> list[Event]:
    return [event async for event in adapter.stream(ask(text, **more))]


@pytest.fixture(scope="session", autouse=True)
def _sdks_are_loaded() -> None:
    """Loading one takes seconds where nothing is compiled yet; no test is about that."""
    import_module("openai.resources.chat.completions")
    import_module("anthropic.resources.messages")
    import_module("openai.lib.azure")
    import_module("google.genai")


SCRIPTED = [f"{kind}-scripted" for kind in ADAPTERS]
AIMOCK = [
    pytest.param(f"{kind}-aimock", marks=pytest.mark.needs("node"))
    for kind in ("openai", "azure", "google", "anthropic")
]
LISTING = [AIMOCK[0], AIMOCK[3]]  # aimock lists no models to the others, and knows no empty question
BUILTIN = [
    pytest.param(f"{kind}-builtin", marks=pytest.mark.needs("model")) for kind in ("local", "anthropic")
]


@pytest.fixture(params=[*SCRIPTED, *AIMOCK, *BUILTIN])
def peer(request: pytest.FixtureRequest) -> Peer:
    """One (adapter, server) pair after the other."""
    kind, server = request.param.split("-")
    found: Peer = request.getfixturevalue(f"{server}_peer")(kind)
    return found


@pytest.fixture
def scripted_peer(scripted_model: Any) -> Callable[[str], Peer]:
    def of(kind: str) -> Peer:
        url = based(scripted_model.anthropic_url, kind)
        return Peer("scripted", kind, url, "sk-secret", "scripted", "Good morning to you!", "paced:200:20")

    return of


@pytest.fixture(scope="session")
def aimock_url() -> Iterator[str]:
    """aimock with our fixtures, for the whole run."""
    port = free_port()
    command = [shutil.which("node") or "node", str(PEERS / "node/node_modules/.bin/llmock")]
    command += ["-p", str(port), "-h", "127.0.0.1", "-f", str(PEERS / "aimock")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/v1/models", process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended at once"
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                json.load(answer)
            return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")


@pytest.fixture
def aimock_peer(aimock_url: str) -> Callable[[str], Peer]:
    def of(kind: str) -> Peer:
        url = based(aimock_url, kind)
        return Peer("aimock", kind, url, "sk-secret", LISTED_BY_AIMOCK[kind], "accented", "slowly")

    return of


@pytest.fixture
def builtin_peer(builtin_model: Any) -> Callable[[str], Peer]:
    def of(kind: str) -> Peer:
        url = builtin_model.url if PROTOCOLS[kind] == "openai" else builtin_model.url.removesuffix("/v1")
        slow: dict[str, Any] = {"first_seconds": 60.0, "idle_seconds": 30.0, "total_seconds": 90.0}
        slow["attempts"] = 2  # it closes connections that it has promised to keep
        question, story = "Say hello to Ana.", "Write a very long story about a sailor, in many chapters."
        return Peer("builtin", kind, url, builtin_model.key, builtin_model.name, question, story, slow)

    return of


@pytest.fixture
async def adapter_for() -> AsyncIterator[Callable[..., LLMAdapter]]:
    """Makes adapters with a grant for their peer; closes them; every dial must be explained."""
    made: list[LLMAdapter] = []

    def of(peer: Peer, **changes: Any) -> LLMAdapter:
        spec = peer.spec(**changes)
        guard = Guard("platform", [Grant.for_url(spec.url, owner="platform", reason=spec.name)])
        made.append(make(spec, guard))
        return made[-1]

    with census() as taken:
        yield of
        for adapter in made:
            await adapter.close()
    assert taken.unexplained == []


@pytest.fixture
def adapter(peer: Peer, adapter_for: Callable[..., LLMAdapter]) -> LLMAdapter:
    return adapter_for(peer)
