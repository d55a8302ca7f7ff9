"""What the adapters of identity share: findings in order, and one document fetched within limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx2

from byoc.contracts import EndpointSpec, Finding, Health, TypeSpec, health_of
from byoc.contracts.findings import Level
from humana.kernel.egress import EgressRefused, Guard, Origin, http_client
from humana.kernel.egress.names import address_of
from humana.kernel.errors import Misconfigured

#: How long everything may take that one look asks for, in seconds; and the largest document, in bytes.
DEADLINE = 10.0
MOST_BYTES = 2 * 1024 * 1024


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


class Refused(Exception):
    """Nothing more can be looked at."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def refused(code: str, sentence: str, field: str = "", **told: Any) -> Refused:
    return Refused(Finding("refuse", code, sentence, told, field))


class Looked:
    """An adapter that looks by `_look`; the rest is the same for all."""

    asks: ClassVar[TypeSpec]

    def __init__(self, spec: EndpointSpec, guard: Guard) -> None:
        unknown = sorted(set(spec.options) - self.asks.names)
        if unknown:
            raise Misconfigured(f"unknown option of a {spec.type} endpoint: {', '.join(unknown)}")
        self._spec, self._guard = spec, guard

    @property
    def spec(self) -> EndpointSpec:
        return self._spec

    def _look(self) -> AsyncIterator[Finding]:
        raise NotImplementedError

    async def validate(self) -> tuple[Finding, ...]:
        found: list[Finding] = []
        try:
            async with asyncio.timeout(DEADLINE):
                async for one in self._look():
                    found.append(one)  # noqa: PERF401 - what was found before a refusal counts
        except Refused as why:
            found.append(why.finding)
        except EgressRefused as why:
            found.append(Finding("refuse", why.code, why.sentence, why.told, "url"))
        except TimeoutError:
            found.append(Finding("refuse", "timeout", _("The service took too long to answer. Try again.")))
        order: dict[Level, int] = {"refuse": 0, "warn": 1, "fact": 2}
        return tuple(sorted(found, key=lambda one: order[one.level]))

    async def health(self) -> Health:
        began = monotonic()
        found = await self.validate()
        return health_of(found, monotonic() - began)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def fetched(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """A document at exactly this address: no redirects, no more than MOST_BYTES. Raises Refused."""
        try:
            async with http_client(url, self._guard, max_bytes=MOST_BYTES) as client:
                answer = await client.get(url, headers=dict(headers or {}))
        except httpx2.TransportError as error:
            raise _of_the_network(error, url) from None
        if 300 <= answer.status_code < 400:
            sentence = _("%(host)s sends us elsewhere. Enter the address that it leads to.")
            raise refused("redirected", sentence, "url", host=_host(url))
        if answer.status_code in {401, 403}:
            raise refused("unauthorized", _("The service does not accept our key. Renew it."), "token")
        if answer.status_code != 200:
            sentence = _("There is no such document at %(host)s (%(status)d). Check the address.")
            raise refused("not_found", sentence, "url", host=_host(url), status=answer.status_code)
        return answer.content

    async def fetched_json(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The same of an object in JSON."""
        body = await self.fetched(url, headers)
        try:
            known = json.loads(body)
        except (ValueError, RecursionError):
            known = None
        if not isinstance(known, dict):
            sentence = _("%(host)s answers with something else than JSON. Check the address.")
            raise refused("malformed", sentence, "url", host=_host(url))
        return known

    async def judged(self, url: object, name: str) -> str:
        """An address that a document names, judged and not asked. Raises Refused, EgressRefused."""
        if not isinstance(url, str) or not url:
            raise refused("malformed", _("The document names no %(name)s."), name=name)
        await asyncio.to_thread(address_of, Origin.of(url), self._guard)
        return url


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _of_the_network(error: Exception, url: str) -> Refused:
    if isinstance(error, httpx2.ReadError) and "larger" in str(error):
        sentence = _("The document of %(host)s is larger than %(most)d bytes. Check the address.")
        return refused("too_large", sentence, "url", host=_host(url), most=MOST_BYTES)
    if "certificate" in str(error).lower():
        sentence = _("The certificate of %(host)s is not one that we trust. Renew it, or check the address.")
        return refused("not_certified", sentence, "url", host=_host(url))
    return refused("unreachable", _("%(host)s cannot be reached. Check the address."), "url", host=_host(url))
