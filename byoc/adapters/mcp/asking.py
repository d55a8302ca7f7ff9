"""What a server of tools lists, and one call of a tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from byoc.adapters.mcp.connecting import session
from byoc.adapters.mcp.reading import text_of
from byoc.contracts.tools import ToolDefinition, ToolLimits, ToolListing, ToolReply, ToolServer
from humana.kernel.egress import Guard

if TYPE_CHECKING:
    from mcp import MCPError
    from mcp_types import Tool

#: Pages that a list may have; one that never ends is cut off here.
MOST_PAGES = 50
#: What a tool may say of itself.
HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
#: JSON-RPC's word for arguments that the tool does not take: the model may do better with it.
BAD_ARGUMENTS = -32602


async def listing(server: ToolServer, guard: Guard, limits: ToolLimits) -> ToolListing:
    """Everything it lists, at most `limits.most_tools`. Raises EndpointError."""
    found: list[ToolDefinition] = []
    async with session(server, guard, limits) as client:
        cursor, more = None, False
        for _page in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += [_definition(one) for one in page.tools]
            cursor, more = page.next_cursor, bool(page.next_cursor)
            if not more or len(found) > limits.most_tools:
                break
        more = more or len(found) > limits.most_tools
        return ToolListing(tuple(found[: limits.most_tools]), client.protocol_version, more)


async def call(
    server: ToolServer, guard: Guard, limits: ToolLimits, name: str, arguments: Mapping[str, Any]
) -> ToolReply:
    """One call in a session of its own. Raises EndpointError where the server does not answer well.

    What the server says of its results' schema is not asked for: it would list its tools for each call.
    """
    from mcp import MCPError
    from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult

    async with session(server, guard, limits) as client:
        asked = CallToolRequest(params=CallToolRequestParams(name=name, arguments=dict(arguments)))
        try:
            result = await client.session.send_request(asked, CallToolResult)
        except MCPError as refusal:
            if refusal.code != BAD_ARGUMENTS:
                raise
            return _refused(refusal)
    text = text_of(result)
    return ToolReply(text, result.is_error, len(text.encode(errors="replace")))


def _refused(refusal: MCPError) -> ToolReply:
    text = str(refusal.error.message)
    return ToolReply(text, True, len(text.encode(errors="replace")))


def _definition(tool: Tool) -> ToolDefinition:
    told = tool.annotations.model_dump(by_alias=True) if tool.annotations else {}
    hints = {name: told[name] for name in HINTS if isinstance(told.get(name), bool)}
    return ToolDefinition(tool.name, tool.description or "", tool.input_schema, hints)
