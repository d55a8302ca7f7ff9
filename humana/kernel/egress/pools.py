"""urllib3 for libraries that are not ours to choose: connections of one origin, judged and limited.

    pool_classes            what a library's own PoolManager is given as `pool_classes_by_scheme`
    guarded_pool_manager    a PoolManager of ours

A connection dials the judged address and nothing else, whatever proxies, certificates or hosts the
library asks for; TLS is always checked against the origin's name.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, ClassVar

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError

from humana.kernel.egress.guard import EgressRefused, Guard, Origin
from humana.kernel.egress.limits import Allowance, LimitedSocket, Limits, TooLarge
from humana.kernel.egress.sockets import guarded_socket
from humana.kernel.egress.tls import machine_trust

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection as _Base
else:
    _Base = object

PoolClasses = dict[str, type[HTTPConnectionPool]]


@dataclass(frozen=True, slots=True)
class Way:
    """To where, who asks, and within what. `trust` replaces the machine's certificate authorities."""

    origin: Origin
    guard: Guard
    limits: Limits = field(default_factory=Limits)
    connect_seconds: float = 5.0
    trust: SSLContext | None = None

    def __post_init__(self) -> None:
        if self.origin.literal is not None:
            self.guard.judge(self.origin, self.origin.literal)

    def expect(self, scheme: str | None, host: str | None, port: int | None) -> None:
        """EgressRefused for everybody but the origin."""
        if not self.origin.has(scheme or "", host or "", port):
            raise EgressRefused(f"This client speaks with {self.origin.host} only.")


def pool_classes(
    way: Way,
    http: type[HTTPConnectionPool] = HTTPConnectionPool,
    https: type[HTTPSConnectionPool] = HTTPSConnectionPool,
) -> PoolClasses:
    """A library's own pools (or urllib3's), their connections guarded."""
    return {"http": _guarded(http, way), "https": _guarded(https, way)}


def _guarded(pool: type[HTTPConnectionPool], way: Way) -> type[HTTPConnectionPool]:
    connection = type(
        "Connection", (GuardedConnection, pool.ConnectionCls), {"way": way, "scheme": pool.scheme}
    )
    return type("Pool", (pool,), {"ConnectionCls": connection})


def guarded_pool_manager(way: Way, *, connections: int = 10) -> PoolManager:
    """Follows no redirects and knows no proxies."""
    made = _OneOrigin(way, maxsize=connections, num_pools=1)
    made.pool_classes_by_scheme = pool_classes(way)
    return made


class _OneOrigin(PoolManager):
    def __init__(self, way: Way, **options: Any) -> None:
        super().__init__(**options)
        self._way = way

    def connection_from_host(
        self, host: str | None, port: int | None = None, scheme: str | None = "http", *rest: Any, **more: Any
    ) -> HTTPConnectionPool:
        self._way.expect(scheme, host, port)
        return super().connection_from_host(host, port, scheme, *rest, **more)

    def urlopen(  # type: ignore[override]  # urllib3 adds this class's `redirect` to the rest
        self, method: str, url: str, redirect: bool = False, **more: Any
    ) -> Any:
        return super().urlopen(method, url, redirect=False, **{"retries": False, **more})


class GuardedConnection(_Base):
    """Before one of urllib3's connections in the order of methods. See `pool_classes`."""

    way: ClassVar[Way]
    scheme: ClassVar[str]

    def __init__(self, host: str, port: int | None = None, **options: Any) -> None:
        self.way.expect(self.scheme, host, port)
        super().__init__(host, port, **options)
        self._allowance = Allowance(self.way.limits)

    def _new_conn(self) -> socket.socket:
        asked = self.timeout if isinstance(self.timeout, int | float) else self.way.connect_seconds
        try:
            return guarded_socket(self.way.origin, self.way.guard, min(asked, self.way.connect_seconds))
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "the connection timed out") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error

    def connect(self) -> None:
        self._insist_on_tls()
        super().connect()
        made: Any = LimitedSocket(self.sock, self._allowance)
        self.sock = made

    def _insist_on_tls(self) -> None:
        """Whatever the library asked for: no `verify=False`, no files that somebody names."""
        if self.scheme == "https":
            self.ssl_context = self.way.trust or machine_trust()
            self.cert_reqs = "CERT_REQUIRED"
            self.assert_hostname = self.assert_fingerprint = self.server_hostname = None
            self.ca_certs = self.ca_cert_dir = self.ca_cert_data = self.cert_file = self.key_file = None

    def set_tunnel(self, *_: Any, **__: Any) -> None:
        raise EgressRefused("This client knows no proxies.")

    def putrequest(self, *args: Any, **options: Any) -> None:
        self._allowance.begin()
        super().putrequest(*args, **options)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself does
        return _limited(super().getresponse(), self._allowance)


def _limited(response: HTTPResponse, allowance: Allowance) -> HTTPResponse:
    """Counts what comes out of the unpacking, and lets it unpack no more than is left."""
    plain = response._decode

    def decode(
        data: bytes, decode_content: bool | None, flush_decoder: bool, max_length: int | None = None
    ) -> bytes:
        most = allowance.unpacked_left + 1
        if max_length is not None and max_length >= 0 and not flush_decoder:
            most = min(most, max_length)
        out = plain(data, decode_content, False, most)
        try:
            allowance.unpacked(len(out))
        except TooLarge as error:
            response.close()
            raise ProtocolError(str(error), error) from error
        return out + plain(b"", decode_content, True) if flush_decoder else out

    setattr(response, "_decode", decode)  # noqa: B010 - it is a method to mypy
    return response
