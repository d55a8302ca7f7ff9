"""The one door to models. Everybody who asks a model anything comes through here.

    card = gateway.describe(companion.model)      in the organization, before the transaction closes
    async with aclosing(gateway.llm(card).stream(request)) as events: …

An organization is offered its own endpoints first, then the platform's, unless its content stays in a
zone: then only what is in that zone. Outside of every organization there are the environment's.

What stands between the caller and the wire, outermost first:

    queued(retrying(adapter))      where an endpoint has so many places
    retrying(adapter)              every other
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from functools import lru_cache

from byoc import endpoints
from byoc.adapters.llm import make
from byoc.contracts import EndpointSpec, LLMAdapter, ModelCard
from byoc.platform import grants_for, platform_llms
from byoc.sentences import explain
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import EndpointError
from tenants.context import peek_tenant

__all__ = ["close", "describe", "environment", "explain", "llm", "offered", "reload", "shown", "warm"]

#: Adapters of one process; the one that was asked longest ago makes room.
MOST = 2_000

_made: OrderedDict[EndpointSpec, LLMAdapter] = OrderedDict()


def llm(model: str | ModelCard | None = None) -> LLMAdapter:
    """The adapter for a card, or for an endpoint's name, a model's name, or the default.

    With a card it asks nobody and costs nothing when made before; it dials nothing. Raises EndpointError
    ("not_configured") when there is no such model, or none at all.
    """
    card = model if isinstance(model, ModelCard) and model.route else describe(_name(model))
    return _adapter(card.route[0])


def describe(model: str | None = None) -> ModelCard:
    """What a page may say about that model. Raises like `llm`."""
    specs = _specs()
    for spec in specs:
        if model in (None, "", spec.name, spec.model):
            return _card(spec, specs)
    missing = f"No model is named {model!r}" if specs else "No model is connected"
    raise EndpointError(
        f"{missing}: set HUMANA_LLM_URL, OPENAI_API_KEY or ANTHROPIC_API_KEY, or connect an endpoint.",
        permanent=True,
        code="not_configured",
    )


def shown(model: str | None = None) -> ModelCard | None:
    """What a page says about that model; None where none is connected, since pages work without."""
    try:
        return describe(model)
    except EndpointError:
        return None


def offered() -> tuple[ModelCard, ...]:
    """Every model there is to choose from, the default first; empty when none is connected."""
    specs = _specs()
    return tuple(_card(spec, specs) for spec in specs)


async def warm() -> None:
    """Load the SDKs and open a connection to each model of the environment, so that nobody waits for it."""
    await asyncio.gather(*(_adapter(spec).health() for spec in environment()))


async def close() -> None:
    """Close the running loop's clients. For the end of a process, or of a loop of its own."""
    for adapter in list(_made.values()):
        await adapter.close()


def reload() -> None:
    """Read the environment again. Adapters of endpoints that did not change stay as they are."""
    environment.cache_clear()
    _granted.cache_clear()


@lru_cache(maxsize=1)
def environment() -> tuple[EndpointSpec, ...]:
    """The models that the environment names: the platform's, for every organization."""
    return platform_llms()


@lru_cache(maxsize=1)
def _granted() -> tuple[Grant, ...]:
    return grants_for(environment())


def _specs() -> tuple[EndpointSpec, ...]:
    """What may answer here, the default first. No query where nothing changed."""
    here = peek_tenant()
    if here is None:
        return environment()
    own = endpoints.active(here.organization_id, "llm", "primary")
    ours = (*environment(), *endpoints.platform("llm", "primary"))
    zone = endpoints.zone_of(here.organization_id)
    return tuple(spec for spec in (*own, *ours) if zone in ("", spec.zone))


def _adapter(spec: EndpointSpec) -> LLMAdapter:
    adapter = _made.get(spec)
    if adapter is None:
        adapter = _made.setdefault(spec, make(spec, _guard(spec.owner)))
        while len(_made) > MOST:
            _made.popitem(last=False)
    return adapter


def _guard(owner: str) -> Guard:
    """The environment's own endpoints are granted by the environment; nothing else of the platform dials here
    without a row."""
    if owner == "platform":
        return endpoints.LiveGuard(None, _granted())
    return endpoints.LiveGuard(uuid.UUID(owner), ())


def _name(model: str | ModelCard | None) -> str | None:
    return model.name if isinstance(model, ModelCard) else model


def _card(spec: EndpointSpec, specs: tuple[EndpointSpec, ...]) -> ModelCard:
    return ModelCard(
        name=spec.name,
        model=spec.model,
        builtin=spec.builtin,
        owner=spec.owner,
        max_output_tokens=spec.max_output_tokens,
        context_tokens=spec.context_tokens,
        route=(spec,),
    )
