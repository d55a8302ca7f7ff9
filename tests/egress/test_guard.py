"""Spellings, grants, rules."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from humana.kernel.egress import EgressRefused, Grant, Guard, Origin
from humana.kernel.egress.addresses import parse

ODD_SPELLINGS = [
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0177.0.0.1/",
    "http://1.2.3.4.5/",
    "http://[::1",
    "http://[::g]/",
    "http://user:pass@api.example.com/",
    "http://api.example.com@127.0.0.1/",
    "http://127.0.0.1\\@api.example.com/",
    "http://api.example.com\\.internal/",
    "http://api.example.com /",
    "http://api.example.com\t/",
    "http://api.exa\nmple.com/",
    "http://api.example.com\x00/",
    "http://①②⑦.⓪.⓪.①/",
    "http://loc%61lhost/",
    "http://ｌocalhost/",
    "http:///etc/passwd",
    "http://",
    "https://-bad.example/",
    "https://bad..example/",
    "https://api.example.com:99999/",
    "https://api.example.com:port/",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/",
    "unix:///var/run/docker.sock",
    "//api.example.com/",
    "api.example.com",
    "",
]


@pytest.mark.parametrize("url", ODD_SPELLINGS)
def test_odd_spellings_are_no_origins(url: str) -> None:
    with pytest.raises(EgressRefused):
        Origin.of(url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.Example.com/v1", Origin("https", "api.example.com", 443)),
        ("https://api.example.com.:8443/v1", Origin("https", "api.example.com", 8443)),
        ("http://127.0.0.1:8000/v1?a=1", Origin("http", "127.0.0.1", 8000)),
        ("http://[::1]:80", Origin("http", "::1", 80)),
        ("http://[0:0:0:0:0:0:0:1]", Origin("http", "::1", 80)),
        ("http://[::ffff:127.0.0.1]/", Origin("http", "127.0.0.1", 80)),
        ("http://llm_server:8080", Origin("http", "llm_server", 8080)),
    ],
)
def test_usual_spellings(url: str, origin: Origin) -> None:
    assert Origin.of(url) == origin


OPEN = Guard("org-1")


@pytest.mark.parametrize(
    ("url", "address", "allowed"),
    [
        ("https://api.example.com", "8.8.8.8", True),
        ("https://api.example.com:8443", "8.8.8.8", True),
        ("https://api.example.com:6379", "8.8.8.8", False),
        ("https://api.example.com:22", "8.8.8.8", False),
        ("http://api.example.com", "8.8.8.8", False),
        ("https://api.example.com", "127.0.0.1", False),
        ("https://api.example.com", "10.0.0.8", False),
        ("https://api.example.com", "169.254.169.254", False),
        ("https://api.example.com", "64:ff9b::8.8.8.8", False),
    ],
)
def test_without_grants_only_https_to_the_public(url: str, address: str, allowed: bool) -> None:
    if allowed:
        assert OPEN.judge(Origin.of(url), parse(address)) == "public"
        return
    with pytest.raises(EgressRefused) as raised:
        OPEN.judge(Origin.of(url), parse(address))
    assert address not in str(raised.value)
    assert raised.value.permanent


def test_a_grant_opens_what_it_names_and_nothing_else() -> None:
    grant = Grant.for_url("http://llm.internal:8000/v1", owner="org-1", reason="ticket 12")
    guard = Guard("org-1", [grant])
    assert guard.judge(Origin.of("http://llm.internal:8000"), parse("10.0.0.8")) == "ticket 12"
    for other in ("http://llm.internal:8001", "https://llm.internal:8000", "http://db.internal:8000"):
        with pytest.raises(EgressRefused):
            guard.judge(Origin.of(other), parse("10.0.0.8"))


def test_a_grant_by_network() -> None:
    network = ip_network("10.2.0.0/16")
    guard = Guard("org-1", [Grant("org-1", "https", 9000, "peering", network=network)])
    assert guard.judge(Origin.of("https://any.corp:9000"), parse("10.2.3.4")) == "peering"
    with pytest.raises(EgressRefused):
        guard.judge(Origin.of("https://any.corp:9000"), parse("10.3.3.4"))


def test_a_grant_of_somebody_else_opens_nothing() -> None:
    grant = Grant.for_url("http://llm.internal:8000", owner="platform", reason="ours")
    with pytest.raises(EgressRefused):
        Guard("org-1", [grant]).judge(Origin.of("http://llm.internal:8000"), parse("10.0.0.8"))


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "fd00:ec2::254"])
def test_no_grant_opens_metadata(address: str) -> None:
    everything = [
        Grant("org-1", "http", 80, "all of it", network=ip_network(network))
        for network in ("0.0.0.0/0", "::/0")
    ]
    named = Grant("org-1", "http", 80, "by name", host="meta.example")
    with pytest.raises(EgressRefused):
        Guard("org-1", [*everything, named]).judge(Origin.of("http://meta.example"), parse(address))


def test_a_grant_names_something() -> None:
    with pytest.raises(ValueError, match="a host, a network"):
        Grant("org-1", "https", 443, "everything")
