"""`requests` for SDKs that speak by it: a session for one origin, on the guarded pools."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool

from humana.kernel.egress.guard import EgressRefused
from humana.kernel.egress.pools import Way, guarded_pool_manager

S = TypeVar("S", bound=requests.Session)


def guarded_session(session: S, way: Way) -> S:
    """The session, which from now on speaks with the one origin only, whatever it was made for.

    No redirects, proxies, environment, netrc or cookies; see `Limits` for time and size. Its requests
    raise EgressRefused for another origin, and `requests`' own errors for the rest: ConnectionError or
    Timeout before an answer, ChunkedEncodingError or ConnectionError when it breaks off or is too large.
    """
    adapter = GuardedAdapter(way)
    session.adapters.clear()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.trust_env, session.proxies, session.verify, session.cert = False, {}, True, None
    session.headers["Accept-Encoding"] = "identity"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    setattr(session, "get_redirect_target", lambda response: None)  # noqa: B010 - it is a method to mypy
    return session


class GuardedAdapter(HTTPAdapter):
    """Ignores what a request says of proxies and certificates."""

    def __init__(self, way: Way) -> None:
        self._way = way
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = guarded_pool_manager(self._way, connections=maxsize)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> HTTPConnectionPool:
        return self.poolmanager.connection_from_url(request.url or "")

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        raise EgressRefused("This client knows no proxies.")

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        return request.path_url

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The connections check by themselves."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = options.get("timeout") or (self._way.connect_seconds, self._way.limits.seconds)
        return super().send(request, *args, **options)
