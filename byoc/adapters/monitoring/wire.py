"""One guarded client for one address, and what is put on every request to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from byoc.adapters.llm.loops import PerLoop
from byoc.adapters.monitoring.errors import from_status, of_the_network, timed_out
from byoc.adapters.monitoring.options import MonitoringOptions
from humana.kernel import egress

if TYPE_CHECKING:
    import httpx2


class Wire:
    """Posts below `url`. `name` is what sentences call the service. Raises EndpointError only."""

    def __init__(
        self, name: str, url: str, headers: Mapping[str, str], guard: egress.Guard, options: MonitoringOptions
    ) -> None:
        self._name = name
        self.url = url.rstrip("/")
        self.headers = dict(headers)
        self._host = egress.Origin.of(url).host
        self._options = options
        self._clients = PerLoop(lambda: self._client(guard))

    def at(self, path: str) -> str:
        """The whole address of a path; that of a base which names the path already."""
        return self.url if self.url.endswith(path) else self.url + path

    async def post(self, path: str, body: bytes, kind: str = "application/json") -> None:
        await self._ask("POST", path, content=body, headers={"Content-Type": kind})

    async def get(self, path: str) -> None:
        await self._ask("GET", path)

    async def close(self) -> None:
        client = self._clients.pop()
        if client is not None:
            await client.aclose()

    def _client(self, guard: egress.Guard) -> httpx2.AsyncClient:
        seconds, most = self._options.connect_seconds, self._options.max_bytes
        return egress.http_client(self.url, guard, connect_seconds=seconds, max_bytes=most)

    async def _ask(self, method: str, path: str, *, headers: Any = None, **sent: Any) -> None:
        from httpx2 import HTTPError

        seconds = self._options.total_seconds
        try:
            async with asyncio.timeout(seconds):
                client = self._clients.get()
                answer = await client.request(
                    method, self.at(path), headers={**self.headers, **(headers or {})}, **sent
                )
        except TimeoutError:
            raise timed_out(self._name, seconds) from None
        except HTTPError as error:
            raise of_the_network(error, self._name, self._host) from None
        with contextlib.suppress(HTTPError):
            await answer.aclose()
        if not 200 <= answer.status_code < 300:
            raise from_status(answer.status_code, self._name, path, answer.headers)
