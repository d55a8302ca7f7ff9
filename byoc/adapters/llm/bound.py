"""An endpoint with an SDK to speak to it: what adapters of chats and of embeddings have in common."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import msgspec

from byoc.adapters.llm.clients import Client
from byoc.adapters.llm.errors import endpoint_error, malformed, said_of, timed_out, translated
from byoc.adapters.llm.loops import PerLoop
from byoc.adapters.llm.options import Connecting
from byoc.adapters.llm.statuses import MODEL
from byoc.contracts import EndpointSpec, Health
from byoc.contracts.words import Worded
from byoc.contracts.words import marked as _
from humana.kernel import egress
from humana.kernel.errors import EndpointError


class Bound(ABC):
    """Clients per event loop, probes, and the list of what is offered."""

    #: What the first request loads, in a thread: an SDK takes a second, and others are streaming.
    modules: tuple[str, ...] = ()
    #: Whether the service's word on which models there are can be relied on.
    knows_its_models = True

    def __init__(self, spec: EndpointSpec, guard: egress.Guard, options: Connecting) -> None:
        self._spec = spec
        self._connecting = options
        self._guard = guard
        self._clients = PerLoop(self._connect)
        self._loaded = False

    @property
    def spec(self) -> EndpointSpec:
        return self._spec

    async def _client(self) -> Client:
        if not self._loaded:
            await asyncio.to_thread(_load, *self.modules, "humana.kernel.egress.client")
            self._loaded = True
        return self._clients.get()

    async def close(self) -> None:
        client = self._clients.pop()
        if client is not None:
            await client.close()

    @abstractmethod
    def _connect(self) -> Client:
        """A client of the SDK, of the running loop."""

    @abstractmethod
    def _list(self, sdk: Any) -> Any:
        """A context manager for the raw response that lists the models; needs the key."""

    @abstractmethod
    def _retrieve(self, sdk: Any) -> Any:
        """The same for the endpoint's own model: 404 where there is none of that name."""

    @abstractmethod
    def _names(self, listed: bytes) -> list[str]:
        """The models in the body of that list."""

    async def health(self) -> Health:
        started = time.monotonic()
        try:
            await self._asked(self._probe)
        except EndpointError as error:
            return Health(False, time.monotonic() - started, error.code, said_of(error))
        return Health(True, time.monotonic() - started)

    async def _asked(self, what: Any) -> Any:
        """`what(sdk)`, within the time of a probe, its errors as ours."""
        seconds = 2 * self._connecting.connect_seconds
        try:
            client = await self._client()
            async with asyncio.timeout(seconds):
                return await what(client.sdk)
        except TimeoutError:
            sentence = _("%(name)s does not answer a probe in time: check host and port, and its load.")
            raise timed_out(self._spec.name, sentence) from None
        except EndpointError:
            raise
        except Exception as error:
            if not isinstance(error, self._clients.get().errors):
                raise
            raise translated(error, self._spec, begun=False) from error

    async def _probe(self, sdk: Any) -> None:
        """The list is asked for the key's sake; only then is a missing model the model's fault."""
        async with self._list(sdk) as response:
            listed = await response.aread()
        checks = self._connecting.checks_model
        if not (self.knows_its_models if checks is None else checks) or not self._spec.model:
            return
        if self._spec.model not in self._names(listed):
            await self._look_for_the_model(sdk)

    async def _look_for_the_model(self, sdk: Any) -> None:
        """Lists leave out aliases; asked for by name they are found."""
        try:
            async with self._retrieve(sdk):
                pass
        except Exception as error:
            if getattr(error, "status_code", None) != 404 and getattr(error, "code", None) != 404:
                raise
            message = Worded(MODEL.sentence, name=self._spec.name, model=self._spec.model, status=404)
            raise endpoint_error(MODEL.code, message, permanent=True) from None

    async def _offered(self) -> list[str]:
        async def ask(sdk: Any) -> bytes:
            async with self._list(sdk) as response:
                body: bytes = await response.aread()
                return body

        return self._names(await self._asked(ask))


@asynccontextmanager
async def raw(answer: Any) -> AsyncIterator[Any]:
    """The HTTP response itself, out of what the Stainless SDKs (openai, anthropic) wrap it in."""
    async with answer as wrapped:
        yield wrapped.http_response


class _Named(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Listed(msgspec.Struct):
    data: Sequence[_Named] = ()
    models: Sequence[_Named] = ()


_decode = msgspec.json.Decoder(_Listed).decode


def names_in(listed: bytes) -> list[str]:
    """The names in a list of models, as OpenAI, Anthropic (`data`) and Google (`models`) write it."""
    try:
        found = _decode(listed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise malformed("its list of models is not the JSON we expect", permanent=True) from None
    return [item.id for item in found.data] or [item.name.removeprefix("models/") for item in found.models]


def _load(*modules: str) -> None:
    for module in modules:
        import_module(module)
