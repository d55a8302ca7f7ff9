"""Every type of adapter at a service that misbehaves: ended in time, and in bounded memory."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from byoc.adapters.llm import make as make_model
from byoc.adapters.monitoring import ADAPTERS as MONITORING
from byoc.adapters.monitoring import make as make_monitoring
from byoc.adapters.storage import make as make_storage
from byoc.contracts import EndpointSpec
from humana.kernel.errors import EndpointError
from tests.contracts.conftest import _sdks_are_loaded, ask, based  # noqa: F401  the fixture loads them
from tests.contracts.test_monitoring import granted as monitored
from tests.contracts.test_monitoring import spec as monitoring_spec
from tests.egress.test_hostile import MIB, SECONDS, Memory, granted
from tests.peers.fake_gcs import service_account
from tests.peers.faults import FaultServer

pytestmark = [pytest.mark.battery, pytest.mark.needs("linux")]

MODELS = ["openai", "azure", "google", "anthropic", "local", "custom"]
STORAGES = ["s3", "custom", "azure-blob", "gcs"]
#: What never comes to an end by itself, and what never begins.
POURING, WAITING = ["gib", "line", "bomb", "bombs"], ["drip", "head", "silent", "half-open"]
SECRET = "c2VjcmV0LW9mLXRoZS10ZXN0LXNlY3JldC1vZi10aGUtdGVzdA=="


class HalfOpen:
    """The kernel takes connections; nobody is there."""

    heads: list[bytes] = []
    sent = 0

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def at(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Any]]:
    """The address of a fault, and the server that has it."""
    made: list[Any] = []

    def server_of(fault: str) -> Any:
        made.append(HalfOpen() if fault == "half-open" else FaultServer())
        return made[-1]

    yield server_of
    for one in made:
        one.close()


@pytest.mark.parametrize("fault", [*POURING, *WAITING, "events", "event"])
@pytest.mark.parametrize("kind", MODELS)
async def test_the_stream_of_a_model(at: Callable[[str], Any], kind: str, fault: str) -> None:
    server = at(fault)
    options = {
        "first_seconds": SECONDS, "idle_seconds": SECONDS, "total_seconds": SECONDS, "attempts": 1,
        "max_bytes": 8 * MIB, "max_event_bytes": MIB, "connect_seconds": SECONDS,
    }  # fmt: skip
    url = based(f"{server.url}/{fault}", kind)
    adapter = make_model(
        EndpointSpec("strange", "llm", kind, url, "m", "k", "org-1", options=options), granted(url)
    )
    memory, began = Memory(), time.monotonic()
    try:
        with pytest.raises(EndpointError):
            async for _event in adapter.stream(ask("hello")):
                pass
    finally:
        await adapter.close()
    assert time.monotonic() - began < SECONDS + 5
    _bounded(memory, server)


@pytest.mark.parametrize("fault", [*POURING, *WAITING])
@pytest.mark.parametrize("kind", list(MONITORING))
def test_the_answer_of_monitoring(at: Callable[[str], Any], kind: str, fault: str) -> None:
    server = at(fault)
    one = monitoring_spec(kind, f"{server.url}/{fault}", connect_seconds=SECONDS, total_seconds=SECONDS)
    adapter = make_monitoring(one, monitored(one.url))
    memory, began = Memory(), time.monotonic()

    async def send() -> None:
        try:
            await adapter.send("metrics", b"")
        finally:
            await adapter.close()

    with pytest.raises(EndpointError):
        asyncio.run(send())
    assert time.monotonic() - began < SECONDS + 5
    _bounded(memory, server)


def storage_at(server: Any, kind: str, fault: str) -> Any:
    url = f"{server.url}/{fault}"
    credentials = {
        "azure-blob": {"account_key": SECRET},
        "gcs": {"service_account": service_account()},
    }.get(kind, {"access_key": "ours", "secret_key": SECRET})
    where = {
        "azure-blob": {"account": "ours", "container": "papers"},
        "gcs": {"emulator": True, "bucket": "papers"},
    }
    options = {"connect_seconds": SECONDS, "seconds": SECONDS, **where.get(kind, {"bucket": "papers"})}
    spec = EndpointSpec(
        "strange", "storage", kind, url, owner="org-1", options=options, credentials=credentials
    )
    return make_storage(spec, granted(url))


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """What is loaded once, as descriptions of services, is no growth."""
    server = FaultServer()
    for kind in STORAGES:
        with suppress(EndpointError):
            list(storage_at(server, kind, "short").list())
    server.close()


@pytest.mark.parametrize("fault", [*POURING, *WAITING])
@pytest.mark.parametrize("kind", STORAGES)
def test_the_file_of_a_storage(at: Callable[[str], Any], kind: str, fault: str) -> None:
    """One that pours is a large file; whoever reads it keeps no more than a block."""
    server, came = at(fault), 0
    adapter = storage_at(server, kind, fault)
    memory, began = Memory(), time.monotonic()
    packed = fault in {"bomb", "bombs"}  # packing is slow: a little tells whether it is unpacked
    with suppress(EndpointError) if fault in POURING else pytest.raises(EndpointError):
        for block in adapter.download("plan.txt"):
            came += len(block)
            if came > (MIB if packed else 96 * MIB):
                break
    assert not packed or came <= server.sent + MIB // 16, "a file comes as it is kept"
    assert time.monotonic() - began < 20
    assert memory.grown() < 96 * MIB


@pytest.mark.parametrize("fault", ["gib", "bomb", "silent"])
@pytest.mark.parametrize("kind", STORAGES)
def test_the_list_of_a_storage(at: Callable[[str], Any], kind: str, fault: str) -> None:
    server = at(fault)
    adapter = storage_at(server, kind, fault)
    memory, began = Memory(), time.monotonic()
    with pytest.raises(EndpointError):
        list(adapter.list())
    assert time.monotonic() - began < 20
    assert memory.grown() < 160 * MIB
    assert server.sent < 128 * MIB


def _bounded(memory: Memory, server: Any) -> None:
    assert memory.grown() < 48 * MIB
    assert server.sent < 64 * MIB
