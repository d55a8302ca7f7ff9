"""Nobody but `humana.kernel.egress` makes network clients. Read from the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("humana", "tenants", "byoc", "audit", "documents", "companions", "chats")

CLIENTS = {
    "aiohttp", "httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib.request", "urllib3",
    "http.client", "socket", "ssl", "smtplib", "ftplib", "poplib", "imaplib", "telnetlib", "xmlrpc.client",
    "websockets", "anyio", "ldap3", "paramiko", "pycurl",
}  # fmt: skip
CALLS = {"open_connection", "create_connection", "open_unix_connection", "create_datagram_endpoint"}
SDKS = {"openai", "anthropic", "google.genai", "mcp", "boto3", "botocore"}

#: Who may, and why.
ALLOWED = {
    "humana/kernel/egress/": "makes them",
    "humana/embedded/": "the launcher asks the servers it has just started, on loopback",
    "humana/up.py": "the launcher asks the servers it has just started, on loopback",
    "humana/health_probe.py": "the container asks itself, on loopback",
    "chats/doors/mcp_tools.py": "the official SDK's server, which dials nobody",
    "chats/signals.py": "the name of this host; opens nothing",
    "byoc/adapters/storage/wire.py": "a session of requests, guarded before anybody has it",
    "byoc/adapters/storage/errors.py": "exceptions of sockets and TLS; opens nothing",
    "byoc/adapters/storage/boto.py": "Amazon's SDK, on the pools of egress",
    "byoc/adapters/llm/": "the SDKs' exceptions; their clients come from egress",
    "byoc/adapters/identity/": "exceptions, and LDAP on a socket or an address that egress judged",
    "byoc/adapters/embedding/": "the same SDKs, made by the module beside it",
    "byoc/adapters/mcp/": "the SDK on a client of egress, and its exceptions; programs that operators named",
    "tenants/db/backend/bounded.py": "how much came over a socket that is there; opens nothing",
    "byoc/adapters/monitoring/": "exceptions only; its client comes from egress",
}


def imported(source: str) -> Iterator[str]:
    """Every module a source imports, wherever it does, and calls that dial without an import."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and node.attr in CALLS:
            yield node.attr


def ways_out(source: str) -> set[str]:
    banned = CLIENTS | CALLS | SDKS
    return {name for name in imported(source) for ban in banned if name == ban or name.startswith(f"{ban}.")}


def files() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for app in APPS for path in (ROOT / app).rglob("*.py"))


def test_only_egress_makes_network_clients() -> None:
    found = {
        file: ways
        for file in files()
        if not file.startswith(tuple(ALLOWED)) and (ways := ways_out((ROOT / file).read_text()))
    }
    assert found == {}


#: An SDK's client is given ours, by that name.
TAKES = {
    "AsyncOpenAI": "http_client",
    "AsyncAzureOpenAI": "http_client",
    "AsyncAnthropic": "http_client",
}


def test_adapters_make_no_clients_of_their_own() -> None:
    """They import httpx2 for its exceptions; a client of theirs would go round the guard."""
    made = 0
    for file in (ROOT / "byoc/adapters").rglob("*.py"):
        source = file.read_text()
        assert "AsyncClient(" not in source, file
        assert "ClientSession(" not in source, file
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            takes = TAKES.get(call.func.id) if isinstance(call.func, ast.Name) else None
            assert takes is None or takes in {one.arg for one in call.keywords}, (file, call.lineno)
            made += takes is not None
    assert made >= len(TAKES)


@pytest.mark.parametrize(
    "planted",
    [
        "import aiohttp",
        "from urllib.request import urlopen",
        "from urllib import request",
        "def f():\n    import requests.sessions",
        "import asyncio\nasync def f(): await asyncio.open_connection('x', 1)",
        "from openai import AsyncOpenAI",
        "import google.genai",
        "from google import genai",
        "import socket as s",
    ],
)
def test_the_test_finds_what_is_planted(planted: str) -> None:
    assert ways_out(planted)


def test_innocent_imports_are_left_alone() -> None:
    assert not ways_out(
        "import urllib.parse\nfrom http import HTTPStatus\nimport sockets_of_ours\nimport asyncio"
    )
