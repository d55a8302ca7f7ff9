"""Names for drivers that dial by themselves: resolved once, judged, and only then handed over."""

from __future__ import annotations

import socket

from humana.kernel.egress.addresses import parse
from humana.kernel.egress.guard import EgressRefused, Guard, Origin, _


def address_of(origin: Origin, guard: Guard) -> str:
    """An address of the origin's host that may be dialled; EgressRefused when any of them may not."""
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError:
        raise EgressRefused(_("The name %(host)s cannot be found."), host=origin.host) from None
    addresses = [str(where[4][0]) for where in found]
    for address in addresses:
        guard.judge(origin, parse(address))
    guard.let_out(origin, addresses[0], origin.port)
    return addresses[0]
