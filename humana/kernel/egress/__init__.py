"""The only way out to the network.

Every network client of web and workers is made here (an architecture test holds it); only the
drivers of PostgreSQL and Redis dial by themselves, to what the installation itself names.

    addresses   which addresses are public, private, or never dialled
    guard       Origin, Grant, Guard: who may dial what; the record of dials
    client      the guarded aiohttp connector, and httpx2 clients on it for the vendors' SDKs
    sessions    the same for SDKs on `requests`, and pools for those on urllib3 (`pools`)
    sockets     connected sockets for what is not HTTP; `names` for drivers that dial by themselves
    limits      seconds and bytes of one answer
    smtp        mail
    reasons     why it did not work, as a sentence that says what to change

A client is bound to one origin. The name is resolved once, every address it has is judged, and
one of those is dialled, while TLS still checks the name. Nothing follows redirects, reads proxy
variables, keeps cookies or unpacks more than it may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from humana.kernel.egress.guard import Dial, EgressRefused, Grant, Guard, Origin, dials

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx2
    import requests

    from humana.kernel.egress.limits import Limits

__all__ = [
    "Dial",
    "EgressRefused",
    "Grant",
    "Guard",
    "Origin",
    "dials",
    "http_client",
    "requests_session",
]


def http_client(
    url: str,
    guard: Guard,
    *,
    connect_seconds: float = 5.0,
    max_bytes: int = 32 * 1024 * 1024,
    trust: SSLContext | None = None,
    seconds: float | None = None,
) -> httpx2.AsyncClient:
    """An httpx2 client on aiohttp that speaks with the origin of `url` and with nobody else.

    Paths are relative to `url`. Raises EgressRefused at once when the URL or a literal address in
    it is not allowed. Belongs to the running event loop; close it. A response of more than
    `max_bytes` breaks off with BodyTooLarge (an httpx2.ReadError), one that is compressed unasked with
    RemoteProtocolError. `seconds` is the deadline of a request with its whole answer, by the wall clock;
    there is none where its reader keeps one, as for streams. `trust` replaces the machine's certificate
    authorities.
    """
    from humana.kernel.egress.client import guarded_client

    return guarded_client(url, guard, connect_seconds, max_bytes, trust, seconds)


def requests_session(
    url: str,
    guard: Guard,
    *,
    limits: Limits | None = None,
    connect_seconds: float = 5.0,
    trust: SSLContext | None = None,
) -> requests.Session:
    """A `requests` session that speaks with the origin of `url` and with nobody else.

    For SDKs that take one; a session that an SDK made itself goes through `sessions.guarded_session`.
    Raises EgressRefused at once when the URL or a literal address in it is not allowed. `limits` are of
    each request with its answer: half a minute and 32 MiB if nothing is said.
    """
    import requests

    from humana.kernel.egress.limits import Limits
    from humana.kernel.egress.pools import Way
    from humana.kernel.egress.sessions import guarded_session

    way = Way(Origin.of(url), guard, limits or Limits(), connect_seconds, trust)
    return guarded_session(requests.Session(), way)
