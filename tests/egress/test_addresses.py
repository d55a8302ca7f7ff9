"""Which addresses are public, private, or never dialled."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from humana.kernel.egress.addresses import Reach, parse, reach

NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "ff02::1",
    "ff0e::1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::",
    "::169.254.169.254",
]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "2001:0:4136:e378::1",
    "100::1",
    "3fff::1",
    "5f00::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "104.16.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(text, Reach.NEVER) for text in NEVER]
    + [(text, Reach.PRIVATE) for text in PRIVATE]
    + [(text, Reach.PUBLIC) for text in PUBLIC],
)
def test_reach(text: str, expected: Reach) -> None:
    assert reach(parse(text)) is expected


@given(st.ip_addresses())
def test_nothing_python_calls_private_is_public(address: IPv4Address | IPv6Address) -> None:
    if reach(parse(str(address))) is Reach.PUBLIC:
        assert address.is_global or (address.version == 6 and address.ipv4_mapped is not None)
        assert not address.is_private
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_never_opens_it(address: IPv4Address) -> None:
    assume(int(address) > 1)  # `::` and `::1` are not IPv4 in a wrap
    order = [Reach.NEVER, Reach.PRIVATE, Reach.PUBLIC]
    plain = order.index(reach(address))
    for wrapped in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}", _sixtofour(address)):
        assert order.index(reach(parse(wrapped))) <= plain


def _sixtofour(address: IPv4Address) -> str:
    return str(ip_address((0x2002 << 112) | (int(address) << 80)))
