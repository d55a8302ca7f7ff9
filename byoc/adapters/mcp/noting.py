"""What goes wrong below the SDK, noted: it answers with words of its own and drops the reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2


@dataclass(slots=True)
class Notes:
    """The latest failure, and the latest status where that was none of success.

    `wants_sign_in` says that a bearer's token was asked for, which is how OAuth begins.
    """

    error: BaseException | None = None
    status: int = 0
    wants_sign_in: bool = False


def noted(client: httpx2.AsyncClient, notes: Notes) -> httpx2.AsyncClient:
    """The same client, which notes what its transport raises."""
    client._transport = _Noting(client._transport, notes)
    return client


class _Noting(httpx2.AsyncBaseTransport):
    def __init__(self, inner: httpx2.AsyncBaseTransport, notes: Notes) -> None:
        self._inner, self._notes = inner, notes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except Exception as error:
            self._notes.error = error
            raise
        self._notes.status = response.status_code if response.status_code >= 300 else 0
        asked = response.headers.get("WWW-Authenticate", "") if response.status_code == 401 else ""
        self._notes.wants_sign_in = asked.lower().startswith("bearer")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Stream(response.stream, self._notes)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, notes: Notes) -> None:
        self._inner, self._notes = inner, notes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._inner:
                yield chunk
        except Exception as error:
            self._notes.error = error
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()
