"""What a customer's address may answer: redirects, drips, bombs. Ended in time, in bounded memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from byoc.adapters.llm import make
from byoc.contracts import ChatMessage, ChatRequest, EndpointSpec
from humana.kernel.egress import Grant, Guard, http_client, requests_session
from humana.kernel.egress.limits import Limits, done_within
from humana.kernel.errors import EndpointError
from tests.egress.census import census
from tests.peers.faults import FaultServer

FAULTS = ["drip", "head", "silent", "line", "events", "event", "bomb", "bombs", "short", "headers"]
MIB = 1024 * 1024
SECONDS = 0.5
PATIENCE = 10  # of a busy machine; what is asked here would go on for ever
TEMPLATES = ["${HOME}", "$HOME", "%HOME%", "{HOME}", "{{HOME}}", "%(HOME)s", "$(id)", "`id`"]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    made = FaultServer()
    yield made
    made.close()


def granted(url: str) -> Guard:
    return Guard("org-1", [Grant.for_url(url, owner="org-1", reason="test")])


class Memory:
    """How far the process grew at its largest since this was made, in bytes."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._peak()

    def grown(self) -> int:
        return self._peak() - self._before

    @staticmethod
    def _peak() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def answered(server: FaultServer, fault: str) -> None:
    """Through the adapter for models, on an official SDK."""
    options = {
        "first_seconds": SECONDS, "idle_seconds": SECONDS, "total_seconds": SECONDS, "attempts": 1,
        "max_bytes": 8 * MIB, "max_event_bytes": MIB, "connect_seconds": SECONDS,
    }  # fmt: skip
    url = f"{server.url}/{fault}/v1"
    spec = EndpointSpec("strange", "llm", "custom", url, "m", "k", "org-1", options=options)
    adapter = make(spec, granted(url))
    try:
        await adapter.generate(ChatRequest((ChatMessage("user", "hello"),), "m"))
    finally:
        await adapter.close()


@pytest.mark.needs("linux")
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_model_that_misbehaves_ends_in_time_and_memory(server: FaultServer, fault: str) -> None:
    with pytest.raises(EndpointError):
        await answered(server, "short")  # what is loaded once is no growth
    memory, begun = Memory(), time.monotonic()
    with pytest.raises(EndpointError):
        await answered(server, fault)
    assert time.monotonic() - begun < SECONDS + PATIENCE
    assert memory.grown() < 32 * MIB


@pytest.mark.needs("linux")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_misbehaves_ends_in_time_and_memory(server: FaultServer, fault: str) -> None:
    memory, begun = Memory(), time.monotonic()
    limits = Limits(seconds=SECONDS, max_bytes=8 * MIB)
    with pytest.raises(OSError):  # requests' errors are of this kind
        requests_session(server.url, granted(server.url), limits=limits).get(f"{server.url}/{fault}")
    assert time.monotonic() - begun < SECONDS + PATIENCE
    assert memory.grown() < 32 * MIB


@pytest.mark.parametrize("fault", ["drip", "head", "silent"])
async def test_a_client_with_a_deadline_keeps_it(server: FaultServer, fault: str) -> None:
    url, begun = f"{server.url}/{fault}", time.monotonic()
    async with http_client(url, granted(url), seconds=SECONDS) as client, asyncio.timeout(8):
        with pytest.raises(httpx2.TransportError):
            await client.get("")
    assert time.monotonic() - begun < 5


def test_without_limits_it_would_go_on(server: FaultServer) -> None:
    begun = time.monotonic()
    loose = Limits(seconds=2.0, max_bytes=1024 * MIB)
    with pytest.raises(OSError):
        requests_session(server.url, granted(server.url), limits=loose).get(f"{server.url}/drip")
    assert time.monotonic() - begun > 1.5


def test_what_is_no_file_ends_in_time_however_much_of_it_comes(server: FaultServer) -> None:
    begun = time.monotonic()
    earning = Limits(seconds=SECONDS, least_rate=1)  # a byte each second would do, and twenty come
    with pytest.raises(OSError), done_within(SECONDS):
        requests_session(server.url, granted(server.url), limits=earning).get(f"{server.url}/drip")
    assert time.monotonic() - begun < SECONDS + PATIENCE


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{sink}/", "http://169.254.169.254/latest/", "https://other.example/", "//x:1/"],
)
async def test_redirects_lead_nowhere(server: FaultServer, code: int, target: str) -> None:
    sink = FaultServer()
    server.elsewhere = target.format(sink=sink.port)
    url, told = f"{server.url}/see/{code}", {"Authorization": "Bearer secret"}
    try:
        with census() as taken:
            async with http_client(url, granted(url)) as client:
                assert (await client.get("", headers=told)).status_code == code
            with requests_session(url, granted(url)) as session:
                assert session.get(url, headers=told).status_code == code
                assert session.post(url, headers=told, data=b"x").status_code == code
        assert {port for _host, port in taken.dialled} == {server.port}
        assert sink.heads == []
    finally:
        sink.close()


async def test_a_client_that_would_follow_is_noticed(server: FaultServer) -> None:
    sink = FaultServer()
    server.elsewhere = sink.url
    try:
        async with httpx2.AsyncClient(trust_env=False, follow_redirects=True) as client:
            await client.get(f"{server.url}/see/302")
        assert len(sink.heads) == 1
    finally:
        sink.close()


@pytest.mark.parametrize("template", TEMPLATES)
async def test_templates_arrive_as_they_stand(
    server: FaultServer, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/expanded")
    url = f"{server.url}/v1"
    spec = EndpointSpec(
        "strange", "llm", "custom", url, "m", template, "org-1",
        options={"attempts": 1, "headers": {"X-Mine": template}},
    )  # fmt: skip
    adapter = make(spec, granted(url))
    with pytest.raises(EndpointError):
        await adapter.generate(ChatRequest((ChatMessage("user", template),), "m"))
    await adapter.close()
    await asyncio.to_thread(
        lambda: requests_session(url, granted(url)).get(url, headers={"X-Mine": template}, auth=None)
    )
    for head in server.heads:
        assert f"x-mine: {template}".encode().lower() in head.lower()
        assert b"/expanded" not in head
    assert f"Bearer {template}".encode() in server.heads[0]
