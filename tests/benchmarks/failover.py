"""`make bench-failover`: from the question to the first word, by a model that is well and by one that fails.

The question goes through the gateway as every answer does: breaker, retries, guard and all. The primary
refuses, answers 503 or 401, accepts and says nothing, or lets nobody in; a spare stands by. Each is asked
`TIMES` times, by an organization that has not asked before; the slowest counts.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, closing, contextmanager
from statistics import median
from typing import Any

from tests.benchmarks.stage import answering, staged, verdict

TIMES = 3
#: Seconds that each may take, by what is the matter with the primary.
GOALS = {
    "well": 3.0,
    "connection refused": 3.0,
    "503": 3.0,
    "401": 3.0,
    "black hole, says nothing": 8.0,
    "black hole, lets nobody in": 8.0,
}


def main() -> int:
    from tests.fixtures.models import ScriptedModel

    spare = ScriptedModel()
    spare.start()
    try:
        with staged() as services, ExitStack() as open_:
            failing = answering(services)
            open_.callback(failing.stop)
            primaries = {
                "well": spare.openai_url,
                "connection refused": f"http://127.0.0.1:{_free_port()}/v1",
                "503": f"{failing.url}/503/v1",
                "401": f"{failing.url}/401/v1",
                "black hole, says nothing": f"{failing.url}/silence/v1",
                "black hole, lets nobody in": open_.enter_context(_full()),
            }
            _first_word("warm", spare.openai_url, spare.openai_url)  # the first loads modules
            found = {
                what: [_first_word(f"{what}-{one}", url, spare.openai_url) for one in range(TIMES)]
                for what, url in primaries.items()
            }
    finally:
        spare.stop()
    held = [_line(what, seconds) for what, seconds in found.items()]
    return 0 if all(held) else 1


def _line(what: str, seconds: list[float]) -> bool:
    figure = f"{what}: first word after {median(seconds):.2f} s, at most {max(seconds):.2f} s"
    return verdict(figure, f"<= {GOALS[what]:g} s", holds=max(seconds) <= GOALS[what])


def _first_word(name: str, url: str, spare_url: str) -> float:
    """Seconds until the first word, for an organization of its own with that primary and a spare."""
    from byoc import gateway
    from tenants.context import use_tenant
    from tests.byoc.rows import connected
    from tests.fixtures.organizations import build_world

    slug = "".join(letter if letter.isalnum() else "-" for letter in name)
    world = build_world(f"bench-{slug}")
    connected(world, url, name="Main", options={"model": "large"})
    connected(world, spare_url, name="Spare", role="fallback", options={"model": "small"})
    with use_tenant(world.context):
        card = gateway.describe("Main")
    return asyncio.run(_asked(card))


async def _asked(card: Any) -> float:
    from byoc import gateway
    from byoc.contracts import ChatMessage, ChatRequest, TextDelta

    request = ChatRequest((ChatMessage("user", "say:Bom%20dia"),), card.model)
    began = time.monotonic()
    try:
        async with aclosing(gateway.llm(card).stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    return time.monotonic() - began
    finally:
        await gateway.close()
    raise AssertionError("no word came")


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def _full() -> Iterator[str]:
    """An address where connections are neither made nor refused: nobody takes those that wait already."""
    with ExitStack() as open_:
        listening = open_.enter_context(closing(socket.socket()))
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = open_.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        time.sleep(0.2)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


if __name__ == "__main__":
    raise SystemExit(main())
