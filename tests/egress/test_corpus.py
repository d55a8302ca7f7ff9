"""Every strange address × everything that takes one × entered, tested, used: nothing is dialled."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx2
import pytest
import requests

from byoc.checking import CHECKS, check
from byoc.contracts import EndpointSpec
from byoc.contracts.fields import Field, TypeSpec
from byoc.entering import entered
from byoc.services.databases import Address, _there
from byoc.types import TYPES
from humana.kernel.egress import EgressRefused, Grant, Guard, Origin, http_client, requests_session
from humana.kernel.egress.names import address_of
from humana.kernel.egress.sockets import guarded_socket
from humana.kernel.errors import HumanaError
from tests.egress.census import Census, census
from tests.egress.conftest import Names
from tests.egress.corpus import HOSTS, LEADS, SPELLINGS

GUARD = Guard("org-1")
REAL = socket.getaddrinfo
#: By the guard; by a name that leads nowhere; by a client that reads the address more strictly than we do.
REFUSED = (EgressRefused, httpx2.ConnectError, requests.exceptions.InvalidURL)


@pytest.fixture(autouse=True)
def _a_resolver_that_reads_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of every spelling, and names that lead there; nobody else is asked."""

    def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else str(host)
        known = LEADS.get(text.rstrip(".").lower(), text)
        return REAL(known, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def nothing(taken: Census) -> None:
    assert taken.dialled == []


def test_the_corpus_is_large_enough() -> None:
    assert len(set(SPELLINGS)) >= 250
    assert len(set(HOSTS)) >= 250


async def _get(url: str) -> None:
    async with http_client(url, GUARD, connect_seconds=1, seconds=2) as client:
        await client.get("")


def _session(url: str) -> None:
    requests_session(url, GUARD, connect_seconds=1).get(url)


def _socket(url: str) -> None:
    guarded_socket(Origin.of(url), GUARD, 1).close()


def _driver(url: str) -> None:
    address_of(Origin.of(url), GUARD)


@pytest.mark.parametrize(
    "use", [lambda url: asyncio.run(_get(url)), _session, _socket, _driver],
    ids=["httpx2", "requests", "socket", "driver"],
)  # fmt: skip
def test_no_way_out_leads_there(use: Callable[[str], None]) -> None:
    with census() as taken:
        for url in SPELLINGS:
            with pytest.raises(REFUSED):
                use(url)
    nothing(taken)


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_no_database_is_there(engine: str) -> None:
    refused = 0
    with census() as taken:
        for host in HOSTS:
            with pytest.raises(HumanaError):
                there = _there(Address(engine, host, 5432, "books", "u", "p"))
                refused += 1
                address_of(there, GUARD)
    nothing(taken)
    assert refused < len(HOSTS) / 2, "most are refused before a name is resolved"


def _types() -> list[Any]:
    """One type of each kind at every commit, all of them with `make test-adapters`."""
    seen, found = set[str](), []
    for name, asked in TYPES.items():
        marks = [pytest.mark.adapters] if asked.kind in seen else []
        seen.add(asked.kind)
        found.append(pytest.param(asked, id=name, marks=marks))
    return found


@pytest.mark.parametrize("asked", _types())
def test_no_endpoint_of_any_type_leads_there(asked: TypeSpec) -> None:
    """Every URL field there is: what is accepted when it is entered is refused when it is tested."""
    with census() as taken:
        for one in (field for field in asked.fields if field.kind == "url"):
            kept = [url for url in SPELLINGS if (_entered(asked, one, url)) is not None]
            assert len(kept) < len(SPELLINGS) / 2 or one.name != "url"
            for url in kept if asked.kind in CHECKS else []:
                assert not check(_spec(asked, one, url), GUARD).ok, url
    nothing(taken)


def _values(asked: TypeSpec, one: Field, url: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in asked.fields:
        if field.kind == "url":
            values[field.name] = f"{next(iter(asked.schemes), 'https')}://service.example"
        elif field.kind in {"text", "lines", "secret"} and field.required:
            values[field.name] = "x" * (field.least or 1)
    return values | {one.name: url}


def _entered(asked: TypeSpec, one: Field, url: str) -> Any:
    with suppress(HumanaError):
        return entered(asked, _values(asked, one, url))
    return None


def _spec(asked: TypeSpec, one: Field, url: str) -> EndpointSpec:
    found = entered(asked, _values(asked, one, url))
    options = {name: value for name, value in found.options.items() if name != "model"}
    return EndpointSpec(
        "strange", asked.kind, asked.type, f"{found.origin}{found.path}", model="m", key="k",
        owner="org-1", options=options, credentials=found.credentials,
    )  # fmt: skip


def test_a_name_that_changes_while_it_is_asked_is_never_followed(names: Names) -> None:
    """Public and loopback by turns: a thousand connections, none to loopback."""
    names("flips.example", *([["203.0.113.9"], ["127.0.0.1"]] * 500))
    origin = Origin("https", "flips.example", 443)
    grant = Grant("org-1", "https", 443, "only there", host=None, network=_network("203.0.113.0/24"))
    guard, refused = Guard("org-1", [grant]), 0
    for _ in range(1_000):
        try:
            assert address_of(origin, guard) == "203.0.113.9"
        except EgressRefused:
            refused += 1
    assert refused == 500


def _network(text: str) -> Any:
    from ipaddress import ip_network

    return ip_network(text)
