"""The only way out to the network.

Every network client of web and workers is made here (an architecture test holds it); only the
drivers of PostgreSQL and Redis dial by themselves, to what the installation itself names.

    addresses   which addresses are public, private, or never dialled
    guard       Origin, Grant, Guard: who may dial what; the record of dials
    client      the guarded aiohttp connector, and httpx2 clients on it for the vendors' SDKs

A client is bound to one origin. The name is resolved once, every address it has is judged, and
one of those is dialled, while TLS still checks the name. Nothing follows redirects, reads proxy
variables, keeps cookies or unpacks compressed bodies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from humana.kernel.egress.guard import Dial, EgressRefused, Grant, Guard, Origin, dials

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx2

__all__ = ["Dial", "EgressRefused", "Grant", "Guard", "Origin", "dials", "http_client"]


def http_client(
    url: str,
    guard: Guard,
    *,
    connect_seconds: float = 5.0,
    max_bytes: int = 32 * 1024 * 1024,
    trust: SSLContext | None = None,
) -> httpx2.AsyncClient:
    """An httpx2 client on aiohttp that speaks with the origin of `url` and with nobody else.

    Paths are relative to `url`. Raises EgressRefused at once when the URL or a literal address in
    it is not allowed. Belongs to the running event loop; close it. A response of more than
    `max_bytes` breaks off with BodyTooLarge (an httpx2.ReadError). There is no read timeout: a
    stream needs a deadline, which its reader keeps. `trust` replaces the machine's certificate
    authorities.
    """
    from humana.kernel.egress.client import guarded_client

    return guarded_client(url, guard, connect_seconds, max_bytes, trust)
