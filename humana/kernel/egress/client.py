"""httpx2 on a guarded aiohttp connector: what the vendors' SDKs are given to speak with.

aiohttp's reads cost less than half of httpx2's own. A response carries its body twice: as the
stream that httpx2 expects, and as `response.extensions["body"]`, a `Body`, for readers that count
microseconds.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from ssl import SSLContext
from typing import Any

import aiohttp
import httpx2
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from humana.kernel.egress.addresses import parse
from humana.kernel.egress.guard import EgressRefused, Guard, Origin
from humana.kernel.egress.tls import machine_trust

KEEP_ALIVE_SECONDS = 30.0


def guarded_client(
    url: str,
    guard: Guard,
    connect_seconds: float,
    max_bytes: int,
    trust: SSLContext | None,
    seconds: float | None = None,
) -> httpx2.AsyncClient:
    """See `egress.http_client`."""
    origin = Origin.of(url)
    if origin.literal is not None:
        guard.judge(origin, origin.literal)
    return httpx2.AsyncClient(
        base_url=url,
        transport=GuardedTransport(origin, guard, connect_seconds, max_bytes, trust, seconds),
        timeout=None,
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
    )


def guarded_connector(origin: Origin, guard: Guard, trust: SSLContext | None = None) -> aiohttp.TCPConnector:
    """Judges twice: names when they are resolved, and every address as its socket is made.

    aiohttp resolves no literal address, so the resolver alone would let those through.
    """

    def make_socket(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        guard.let_out(origin, str(address[0]), int(address[1]))
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(
        resolver=GuardedResolver(origin, guard),
        socket_factory=make_socket,
        ssl=trust or machine_trust(),
        limit=0,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )


class GuardedResolver(AbstractResolver):
    """Resolves the one host of its origin; one bad address among the answers refuses them all."""

    def __init__(self, origin: Origin, guard: Guard) -> None:
        self._origin, self._guard = origin, guard
        self._names = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host.rstrip(".").lower() != self._origin.host:
            raise EgressRefused(f"This client speaks with {self._origin.host} only.")
        found = await self._names.resolve(host, port, family)
        for result in found:
            self._guard.judge(self._origin, parse(result["host"]))
        return found

    async def close(self) -> None:
        await self._names.close()


class BodyTooLarge(httpx2.ReadError):
    """The response has more bytes than the client was made for."""


class Body(httpx2.AsyncByteStream):
    """The bytes of a response as they arrive. `read` gives b"" at the end.

    Breaks off with ReadError when the peer closes early, BodyTooLarge when it sends too much.
    """

    def __init__(self, response: aiohttp.ClientResponse, max_bytes: int) -> None:
        self._response, self._left = response, max_bytes
        self._readany = response.content.readany

    async def read(self) -> bytes:
        """What one or more network packets brought, or b"" at the end."""
        try:
            chunk = await self._readany()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise httpx2.ReadError(f"the response broke off: {error}") from error
        self._left -= len(chunk)
        if self._left < 0:
            self.abort()
            raise BodyTooLarge("the response is larger than allowed")
        return chunk

    @property
    def at_end(self) -> bool:
        return self._response.content.at_eof()

    def abort(self) -> None:
        """Close the connection now; a pending `read` fails with ReadError."""
        self._response.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self.read():
            yield chunk

    async def aclose(self) -> None:
        """Back to the pool when read to the end, else closed at once."""
        if self.at_end:
            self._response.release()
        else:
            self._response.close()


class GuardedTransport(httpx2.AsyncBaseTransport):
    """One aiohttp session for one origin, made at the first request."""

    def __init__(
        self,
        origin: Origin,
        guard: Guard,
        connect_seconds: float,
        max_bytes: int,
        trust: SSLContext | None,
        seconds: float | None,
    ) -> None:
        self._origin, self._guard, self._trust = origin, guard, trust
        self._connect_seconds, self._max_bytes, self._seconds = connect_seconds, max_bytes, seconds
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if not self._origin.has(request.url.scheme, request.url.host, request.url.port):
            raise EgressRefused(f"This client speaks with {self._origin.host} only.")
        content = await request.aread()
        try:
            response = await self._open().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=content or None,
                allow_redirects=False,
            )
        except EgressRefused:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise _translated(error) from error
        _refuse_packed(response)
        body = Body(response, self._max_bytes)
        return httpx2.Response(
            response.status,
            headers=list(response.raw_headers),
            stream=body,
            request=request,
            extensions={"http_version": b"HTTP/1.1", "body": body},
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=guarded_connector(self._origin, self._guard, self._trust),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=self._seconds,
                    connect=self._connect_seconds,
                    sock_connect=self._connect_seconds,
                ),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=(
                    "Accept",
                    "Accept-Encoding",
                    "Content-Type",
                    "User-Agent",
                ),
            )
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _refuse_packed(response: aiohttp.ClientResponse) -> None:
    """Compressed though nobody asked: httpx2 would unpack it whatever it grows to."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        response.close()
        raise httpx2.RemoteProtocolError("the answer is compressed, which was not asked for")


def _translated(error: BaseException) -> httpx2.TransportError:
    """What httpx2 would have raised; the SDKs know only its exceptions."""
    kinds: dict[type[BaseException], type[httpx2.TransportError]] = {
        asyncio.TimeoutError: httpx2.ConnectTimeout,  # aiohttp's timeouts are of this kind
        aiohttp.ClientConnectorError: httpx2.ConnectError,
        aiohttp.ServerDisconnectedError: httpx2.NetworkError,
        aiohttp.ClientResponseError: httpx2.RemoteProtocolError,
        OSError: httpx2.NetworkError,
    }
    found: Any = next((to for of, to in kinds.items() if isinstance(error, of)), None)
    return (found or httpx2.TransportError)(str(error) or type(error).__name__)
