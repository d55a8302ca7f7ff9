"""A connected socket to a judged address, for protocols that are not HTTP: SMTP, LDAP and the like."""

from __future__ import annotations

import socket
import time

from humana.kernel.egress.addresses import parse
from humana.kernel.egress.guard import Guard, Origin
from humana.kernel.egress.names import addresses_of


def guarded_socket(origin: Origin, guard: Guard, seconds: float) -> socket.socket:
    """Connected, without TLS, to the first address of the origin that answers; `seconds` for all of them.

    The socket keeps what is left of `seconds` as its timeout. Raises EgressRefused (NoSuchName where
    the name leads nowhere), TimeoutError, or the OSError of the last address.
    """
    until, last = time.monotonic() + seconds, OSError("no address")
    for address in addresses_of(origin, guard):
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no connection within {seconds:g} seconds")
        try:
            return _dialled(origin, guard, address, left)
        except OSError as error:
            last = error
    raise last


def _dialled(origin: Origin, guard: Guard, address: str, seconds: float) -> socket.socket:
    guard.let_out(origin, address, origin.port)
    family = socket.AF_INET if parse(address).version == 4 else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(seconds)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.connect((address, origin.port))
    except BaseException:
        made.close()
        raise
    return made
