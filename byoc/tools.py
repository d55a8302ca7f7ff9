"""The one door to servers of tools (MCP). Who asks says how one is reached, and holds no connection.

    door = door_for(organization_id)         inside the organization; reads what may be dialled
    await door.listing(server, limits)
    await door.call(server, limits, name, arguments)

Programs on this machine are started only where the installation configured them (HUMANA_MCP_COMMANDS), by
the name that it gave them: nobody else says what is run, nor with which arguments.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from byoc import endpoints
from byoc.adapters import mcp
from byoc.contracts.tools import ToolLimits, ToolListing, ToolReply, ToolServer
from byoc.sentences import in_words
from humana.kernel.egress import Guard
from humana.kernel.errors import EndpointError

tracer = trace.get_tracer(__name__)

#: Stands for the organization's id in what an operator configured, so that each has files of its own.
PLACE = "{organization}"


@dataclass(frozen=True, slots=True)
class Door:
    """What one organization may ask of servers of tools."""

    guard: Guard

    async def listing(self, server: ToolServer, limits: ToolLimits) -> ToolListing:
        """What the server lists. Raises EndpointError in the language of who asks."""
        with _span("tools/list", server):
            return await mcp.listing(server, self.guard, limits)

    async def call(
        self, server: ToolServer, limits: ToolLimits, name: str, arguments: Mapping[str, Any]
    ) -> ToolReply:
        """What the tool answers. Raises EndpointError in the language of who asks."""
        with _span("tools/call", server, name):
            return await mcp.call(server, self.guard, limits, name, arguments)

    def listing_now(self, server: ToolServer, limits: ToolLimits) -> ToolListing:
        """The same for who has no event loop; takes seconds where nobody answers."""
        return asyncio.run(self.listing(server, limits))


def door_for(organization_id: uuid.UUID) -> Door:
    return Door(endpoints.guard_for(organization_id))


def command_names() -> list[str]:
    """The programs that this installation offers to its organizations."""
    return sorted(settings.HUMANA_MCP_COMMANDS)


def command_of(name: str, organization_id: uuid.UUID) -> tuple[tuple[str, ...], dict[str, str]] | None:
    """The program and its environment, for this organization; None where none is so named."""
    found = settings.HUMANA_MCP_COMMANDS.get(name)
    if found is None:
        return None
    own = str(organization_id)
    command = tuple(one.replace(PLACE, own) for one in found["command"])
    return command, {key: one.replace(PLACE, own) for key, one in found["environment"].items()}


@contextmanager
def _span(method: str, server: ToolServer, tool: str = "") -> Iterator[Span]:
    """After OpenTelemetry's conventions for MCP: never an argument, never a result."""
    where = urlsplit(server.url)
    told = {
        "mcp.method.name": method,
        "gen_ai.tool.name": tool,
        "server.address": where.hostname or "",
        "network.transport": "pipe" if server.command else "tcp",
    }
    kept = {name: value for name, value in told.items() if value}
    began = time.monotonic()
    with tracer.start_as_current_span(
        f"{method} {tool}".strip(), kind=SpanKind.CLIENT, attributes=kept, record_exception=False,
        set_status_on_exception=False,
    ) as span:  # fmt: skip
        try:
            yield span
        except EndpointError as error:
            span.set_attribute("error.type", error.code)
            span.set_status(Status(StatusCode.ERROR))
            error.message = in_words(error.message)
            raise
        finally:
            span.set_attribute("mcp.seconds", round(time.monotonic() - began, 3))
