"""The door to servers of tools, at servers that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from byoc.contracts.tools import ToolLimits, ToolServer
from byoc.tools import Door
from companions.toolbox.schemas import judged, misfit
from humana.embedded.process import Child
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import EndpointError
from tests.peers.everything import MEMORY, Everything, time_program
from tests.plugins.services import Services

pytestmark = pytest.mark.adapters
LIMITS = ToolLimits(seconds=20)
CLOSED = Door(Guard("org-1"))


@pytest.fixture(scope="module")
def everything(services: Services) -> Iterator[Everything]:
    server = Everything(services.home / "everything")
    child: Child = server.start()
    yield server
    child.stop()


@pytest.mark.needs("mcp-node")
async def test_everything_is_listed_and_called_by_http(everything: Everything) -> None:
    url = f"{everything.url}/mcp"
    door = Door(Guard("org-1", [Grant.for_url(url, owner="org-1", reason="test")]))
    server = ToolServer("everything", "org-1", url, {"Authorization": "Bearer x", "X-Tenant": "${HOME}"})
    found = await door.listing(server, LIMITS)
    tools = {one.name: one for one in found.tools}
    assert {"echo", "get-sum"} <= set(tools)
    assert not found.more
    for one in tools.values():
        assert judged(dict(one.schema)), one.name
    assert misfit(judged(dict(tools["get-sum"].schema)), {"a": 1, "b": "two"})
    known = ToolServer("everything", "org-1", url, protocol=found.protocol)
    summed = await door.call(known, LIMITS, "get-sum", {"a": 17, "b": 25})
    assert ("42" in summed.text, summed.is_error) == (True, False)
    image = next(one for one in tools if "image" in one)
    assert "not shown]" in (await door.call(known, LIMITS, image, {})).text
    unknown = await door.call(known, LIMITS, "no-such-tool", {})
    assert unknown.is_error
    few = await door.listing(server, ToolLimits(seconds=20, most_tools=3))
    assert (len(few.tools), few.more) == (3, True)
    with pytest.raises(EndpointError) as small:
        await door.listing(server, ToolLimits(seconds=20, max_bytes=500))
    assert small.value.code == "malformed"
    with pytest.raises(EndpointError) as refused:
        await CLOSED.listing(server, LIMITS)
    assert refused.value.code == "forbidden"


@pytest.mark.needs("mcp-time")
async def test_a_program_of_the_installation_says_what_time_it_is() -> None:
    command = (str(time_program()), "--local-timezone", "America/Recife")
    server = ToolServer("time", "org-1", command=command)
    found = await CLOSED.listing(server, LIMITS)
    assert "get_current_time" in {one.name for one in found.tools}
    told = await CLOSED.call(server, LIMITS, "get_current_time", {"timezone": "America/Recife"})
    assert ("America/Recife" in told.text, told.is_error) == (True, False)
    wrong = await CLOSED.call(server, LIMITS, "get_current_time", {"timezone": "Nowhere/Land"})
    assert wrong.is_error


@pytest.mark.needs("mcp-node")
async def test_a_program_gets_the_environment_of_its_command_and_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "of-the-installation")
    kept = tmp_path / "memory.json"
    server = ToolServer(
        "memory", "org-1", command=(str(MEMORY),), environment={"MEMORY_FILE_PATH": str(kept)}
    )
    entity = {"name": "Rye", "entityType": "grain", "observations": ["needs time"]}
    made = await CLOSED.call(server, LIMITS, "create_entities", {"entities": [entity]})
    assert not made.is_error
    assert "needs time" in (await CLOSED.call(server, LIMITS, "read_graph", {})).text
    assert "of-the-installation" not in kept.read_text()
    shown = ToolServer("env", "org-1", command=("sh", "-c", f"env > {tmp_path}/env"))
    with pytest.raises(EndpointError):
        await CLOSED.listing(shown, LIMITS)
    assert "of-the-installation" not in (tmp_path / "env").read_text()
    with pytest.raises(EndpointError) as gone:
        await CLOSED.listing(ToolServer("gone", "org-1", command=("/no/such/program",)), LIMITS)
    assert gone.value.code == "unreachable"
