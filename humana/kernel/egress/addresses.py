"""Which addresses may be dialled at all. Pure: no names, no sockets.

    NEVER      cloud metadata, link-local, multicast, unspecified, reserved: not even by a grant
    private    loopback, private networks, translators and tunnels: only by a grant
    public     the rest

Python's `is_global` alone is not enough: it calls NAT64, 6to4, Teredo and `::a.b.c.d` global,
and each of them can carry a private IPv4 address to a private place.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class Reach(Enum):
    NEVER = "never"
    PRIVATE = "private"
    PUBLIC = "public"


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_NEVER = _networks(
    "0.0.0.0/8",  # "this host": dials loopback on Linux
    "169.254.0.0/16",  # link-local, and the metadata service of most clouds
    "100.100.100.200/32",  # metadata: Alibaba
    "168.63.129.16/32",  # metadata: Azure's wire server, a public address
    "192.0.0.192/32",  # metadata: Oracle
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, with broadcast
    "::/128",
    "fe80::/10",  # link-local
    "fec0::/10",  # site-local, withdrawn
    "fd00:ec2::/32",  # metadata: AWS
    "fd20:ce::254/128",  # metadata: Google
    "ff00::/8",  # multicast
)
_NOT_PUBLIC = _networks(
    "100.64.0.0/10",  # carrier NAT
    "192.0.0.0/24",  # IETF protocols
    "192.88.99.0/24",  # 6to4 relays
    "198.18.0.0/15",  # benchmarks
    "::/96",  # IPv4-compatible, with ::1
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",  # NAT64, local
    "100::/64",  # discard
    "2001::/23",  # IETF protocols, with Teredo
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "3fff::/20",  # documentation
    "5f00::/16",  # segment routing
)
_TRANSLATED = _networks("::/96", "64:ff9b::/96")


@lru_cache(maxsize=4_096)
def parse(text: str) -> Address:
    """The address, IPv4 taken out of its IPv6-mapped form. Raises ValueError."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def reach(address: Address) -> Reach:
    """How far the address may be dialled."""
    carried = _carried(address)
    if _within(address, _NEVER) or (carried is not None and _within(carried, _NEVER)):
        return Reach.NEVER
    if address.is_global and not address.is_multicast and not _within(address, _NOT_PUBLIC):
        return Reach.PUBLIC
    return Reach.PRIVATE


def never(network: Network) -> bool:
    """Whether the whole network is closed to everybody."""
    return any(network.version == one.version and network.subnet_of(one) for one in _NEVER)  # type: ignore[arg-type]


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address that a translator or tunnel would go on to."""
    if isinstance(address, IPv4Address):
        return None
    if _within(address, _TRANSLATED) and int(address) > 1:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
