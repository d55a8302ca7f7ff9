"""One question and its answer, for what needs no SDK: probes by the thousand, webhooks.

A client for each would cost more than the question. What is raised is what httpx2 would raise, so that
whoever knows an SDK's failures knows these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import httpx2
from yarl import URL

from humana.kernel.egress.client import _translated, guarded_connector
from humana.kernel.egress.guard import EgressRefused, Guard, Origin

#: What `ask` raises where nothing is wrong on our side.
FAILURES: tuple[type[Exception], ...] = (EgressRefused, TimeoutError, httpx2.TransportError)


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, and as much of the body as was wanted. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(
    method: str,
    url: str,
    guard: Guard,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    connect_seconds: float = 5.0,
    seconds: float = 10.0,
    most_bytes: int = 65_536,
) -> Reply:
    """Ask `url` once. No redirect is followed; of the body at most `most_bytes` are read.

    Raises EgressRefused where the guard does not let it out, TimeoutError after `seconds`, and
    httpx2.TransportError for everything else.
    """
    origin = Origin.of(url)
    if origin.literal is not None:
        guard.judge(origin, origin.literal)
    async with aiohttp.ClientSession(
        connector=guarded_connector(origin, guard),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=connect_seconds),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        try:
            async with session.request(
                method,
                URL(url, encoded=True),
                headers={"Accept-Encoding": "identity", **(headers or {})},
                data=content,
                allow_redirects=False,
            ) as answer:
                told = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status, told, await _beginning(answer, most_bytes))
        except EgressRefused:
            raise
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise _translated(error) from error


async def _beginning(answer: aiohttp.ClientResponse, most: int) -> bytes:
    read = bytearray()
    async for chunk in answer.content.iter_any():
        read += chunk
        if len(read) >= most:
            break
    return bytes(read[:most])
