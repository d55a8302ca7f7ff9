"""A server of tools that pours, drips, falls silent or sends inward: ended in time and in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from byoc.contracts.tools import ToolLimits, ToolServer
from byoc.tools import Door
from humana.kernel.errors import EndpointError
from tests.egress.census import census
from tests.egress.test_hostile import FAULTS, MIB, PATIENCE, Memory, granted
from tests.peers.faults import FaultServer

LIMITS = ToolLimits(seconds=1.0, max_bytes=MIB)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    made = FaultServer()
    yield made
    made.close()


async def asked(server: FaultServer, fault: str, limits: ToolLimits = LIMITS) -> EndpointError:
    url = f"{server.url}/{fault}"
    with pytest.raises(EndpointError) as refused:
        await Door(granted(url)).listing(ToolServer("hostile", "org-1", url, {"X-Key": "secret"}), limits)
    assert str(refused.value.message), "in a sentence"
    return refused.value


@pytest.mark.battery
@pytest.mark.needs("linux")
@pytest.mark.parametrize("fault", [*FAULTS, "gib", "long", "trailers"])
async def test_it_is_left_in_time_and_in_bounded_memory(server: FaultServer, fault: str) -> None:
    await asked(server, "200")  # what is loaded once
    memory, began = Memory(), time.monotonic()
    await asked(server, fault)
    assert time.monotonic() - began < LIMITS.seconds + PATIENCE
    assert memory.grown() < 32 * MIB


async def test_what_drips_or_pours_is_left_in_time(server: FaultServer) -> None:
    for fault in ("drip", "gib"):
        began = time.monotonic()
        await asked(server, fault)
        assert time.monotonic() - began < LIMITS.seconds + PATIENCE, fault


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_it_is_not_followed_inward(server: FaultServer, code: int) -> None:
    """Whoever it is sent to hears nothing, and so of the key."""
    inward = FaultServer()
    server.elsewhere = f"{inward.url}/inward"
    try:
        with census() as taken:
            refusal = await asked(server, f"see/{code}", replace(LIMITS, seconds=PATIENCE))
    finally:
        inward.close()
    assert refusal.code == "bad_request"
    assert inward.heads == []
    assert {port for _host, port in taken.dialled} == {server.port}
