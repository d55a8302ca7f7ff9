"""Names for who dials by itself: resolved once, judged, and only then handed over."""

from __future__ import annotations

import socket

from humana.kernel.egress.addresses import parse
from humana.kernel.egress.guard import EgressRefused, Guard, Origin, _


class NoSuchName(EgressRefused):
    """The name leads nowhere just now; it may tomorrow."""

    default_code = "unreachable"

    def __init__(self, host: str) -> None:
        super().__init__(_("The name %(host)s cannot be found."), host=host)
        self.permanent = False


def addresses_of(origin: Origin, guard: Guard) -> list[str]:
    """Every address of the origin's host, in the resolver's order; EgressRefused when one may not be dialled.

    Raises NoSuchName where there is none. Nothing is recorded: who dials calls `guard.let_out`.
    """
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoSuchName(origin.host) from None
    addresses = [parse(str(where[4][0])) for where in found]
    for address in addresses:
        guard.judge(origin, address)
    return list(dict.fromkeys(map(str, addresses)))


def address_of(origin: Origin, guard: Guard) -> str:
    """The first of them, for a driver that dials by itself; recorded as dialled."""
    address = addresses_of(origin, guard)[0]
    guard.let_out(origin, address, origin.port)
    return address
