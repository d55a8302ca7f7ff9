"""A session with one server of tools, all of it within one deadline."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byoc.adapters.mcp.failures import failure
from byoc.adapters.mcp.noting import Notes, noted
from byoc.contracts.tools import ToolLimits, ToolServer
from humana.kernel.egress import Guard, http_client
from humana.kernel.errors import EndpointError

if TYPE_CHECKING:
    from mcp import Client

CONNECT_SECONDS = 5.0
#: A server that speaks no version without a handshake is asked for one.
HANDSHAKE = "legacy"


@asynccontextmanager
async def session(server: ToolServer, guard: Guard, limits: ToolLimits) -> AsyncIterator[Client]:
    """Raises EndpointError for whatever goes wrong inside, in words for who runs the server.

    Nothing outlives `limits.seconds`, except a program that has to be killed: seconds more.
    """
    import anyio

    notes = Notes()
    try:
        with anyio.fail_after(limits.seconds):
            async with AsyncExitStack() as stack:
                transport: Any = await _transport(stack, server, guard, limits, notes)
                yield await stack.enter_async_context(_client(transport, server))
    except EndpointError:
        raise
    except Exception as error:
        raise failure(error, notes) from error


def _client(transport: Any, server: ToolServer) -> Client:
    from mcp import Client
    from mcp_types import Implementation
    from mcp_types.version import MODERN_PROTOCOL_VERSIONS

    mode = server.protocol if server.protocol in MODERN_PROTOCOL_VERSIONS else HANDSHAKE
    return Client(
        transport,
        mode=mode if server.protocol else "auto",
        client_info=Implementation(name="humana", version="1"),
        cache=None,
    )


async def _transport(
    stack: AsyncExitStack, server: ToolServer, guard: Guard, limits: ToolLimits, notes: Notes
) -> Any:
    if server.command:
        return await _program(stack, server)
    from mcp.client.streamable_http import streamable_http_client

    client = http_client(
        server.url, guard, connect_seconds=CONNECT_SECONDS, max_bytes=limits.max_bytes, seconds=limits.seconds
    )
    client.headers.update(server.headers)
    await stack.enter_async_context(noted(client, notes))
    return streamable_http_client(server.url, http_client=client, max_sse_event_size=limits.max_bytes)


async def _program(stack: AsyncExitStack, server: ToolServer) -> Any:
    """What it writes beside its answers is nobody's to read."""
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client

    silence = stack.enter_context(Path(os.devnull).open("w"))  # noqa: SIM115 the stack is one
    program, *arguments = server.command
    asked = StdioServerParameters(command=program, args=arguments, env=dict(server.environment))
    return stdio_client(asked, errlog=silence)
