"""What every floor may know of a server of tools (MCP): how it is reached, what it lists, what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolServer:
    """How one server is reached: at `url` with `headers`, or by the program `command` of the installation.

    `headers` hold what opens it. `environment` is what the program is told beside the usual. `protocol` is
    the version it spoke last; empty where nobody knows, and it is found out.
    """

    name: str
    owner: str
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """What a server may take of us: seconds for everything, bytes of each answer, number of tools."""

    seconds: float = 30.0
    max_bytes: int = 1024 * 1024
    most_tools: int = 100


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool in the server's own words, none of them judged yet."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, bool] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ToolListing:
    """What a server lists; `more` where it lists more than is taken."""

    tools: tuple[ToolDefinition, ...]
    protocol: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class ToolReply:
    """What a call gave, as text; what is no text is described in brackets. Untrusted.

    `is_error` is the tool's own word that it failed. `received` counts bytes before anything was cut.
    """

    text: str
    is_error: bool
    received: int
