"""A server of tools on loopback, made with the official SDK: it lists what a test puts in `tools`.

`heads` keeps the headers of every request; `calls` what was called, with which arguments.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from mcp.server import Server
from mcp_types import (
    CallToolResult,
    ImageContent,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def weather(**arguments: Any) -> CallToolResult:
    return said(f"Sunny in {arguments['city']}")


def said(*texts: str, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=one) for one in texts], is_error=is_error)


def picture(**_arguments: Any) -> CallToolResult:
    image = ImageContent(data="aGVsbG8h", mime_type="image/png")
    return CallToolResult(content=[TextContent(text="Here:"), image])


@dataclass
class ToolPeer:
    """Answers at `url`. `answers` says what each tool does; a tool that has none says its name."""

    tools: list[Tool] = field(default_factory=list)
    answers: dict[str, Callable[..., CallToolResult]] = field(default_factory=dict)
    heads: list[dict[str, str]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/mcp"

    def lists(self, name: str, schema: dict[str, Any] | None = None, **told: Any) -> None:
        """Beginning now; in place of what it listed by that name."""
        hints = {key: told.pop(key) for key in ("read_only_hint", "destructive_hint") if key in told}
        self.tools = [one for one in self.tools if one.name != name]
        annotations = ToolAnnotations(**hints) if hints else None
        self.tools.append(
            Tool(name=name, input_schema=CITY if schema is None else schema, annotations=annotations, **told)
        )

    def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        heard = self._hearing(self._app(Server("peer", on_list_tools=self._list, on_call_tool=self._call)))
        self._server = uvicorn.Server(uvicorn.Config(heard, log_level="error", lifespan="on"))
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[listening])), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)

    def _app(self, server: Server[Any]) -> Any:
        return server.streamable_http_app(json_response=False)

    def _hearing(self, app: Any) -> Any:
        async def hear(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self.heads.append({key.decode(): value.decode("latin-1") for key, value in scope["headers"]})
            await app(scope, receive, send)

        return hear

    async def _list(self, _context: Any, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=list(self.tools))

    async def _call(self, _context: Any, params: Any) -> CallToolResult:
        self.calls.append((params.name, dict(params.arguments or {})))
        answer = self.answers.get(params.name)
        return answer(**(params.arguments or {})) if answer else said(params.name)
