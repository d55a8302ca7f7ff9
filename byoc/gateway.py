"""The one door to models. Everybody who asks a model anything comes through here.

    card = gateway.describe(companion.model)      in the organization, before the transaction closes
    async with aclosing(gateway.llm(card).stream(request)) as events: …

An organization is offered its own endpoints first, then the platform's, unless its content stays in a
zone: then only what is in that zone. Outside of every organization there are the environment's.

A card names the endpoint and what stands in for it: the same owner's endpoints of the role `fallback`, in
the same zone. An organization's own never falls back to the platform's.

What stands between the caller and the wire, outermost first:

    fallback(…)                    the card's endpoints in turn, each behind a breaker of this organization
    traced(…)                      a span for each of them, without a word of what is said
    queued(…)                      where an endpoint has so many places
    retrying(limited(adapter))     until the first word; within the endpoint's rates
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from dataclasses import replace
from functools import lru_cache

from byoc import endpoints
from byoc.adapters.embedding import make_embedding
from byoc.adapters.embedding.embedded import MODEL
from byoc.adapters.llm import describe as described
from byoc.adapters.llm import make
from byoc.adapters.llm.fallback import Fallback
from byoc.adapters.llm.traced import Traced
from byoc.breaker import breaker
from byoc.breaker import close as close_breakers
from byoc.contracts import EmbeddingAdapter, EndpointSpec, LLMAdapter, ModelCard
from byoc.limits import SharedLimiter
from byoc.platform import grants_for, platform_llms
from byoc.sentences import explain
from byoc.standing import standing
from humana.kernel.egress import Grant, Guard
from humana.kernel.errors import EndpointError, Misconfigured
from tenants.context import peek_tenant

__all__ = [
    "answered_by",
    "close",
    "describe",
    "embedding",
    "environment",
    "environment_guard",
    "explain",
    "llm",
    "offered",
    "reload",
    "shown",
    "warm",
]

#: An endpoint's rates are kept by all processes together.
_limiter = SharedLimiter()
#: Adapters of one process; the one that was asked longest ago makes room.
MOST = 2_000
#: The model of embeddings that is in this process: nothing of a text leaves it.
EMBEDDED = EndpointSpec(
    name="embedded", kind="llm", type="embedded", url="", model=MODEL, role="embedding", builtin=True
)

_made: OrderedDict[tuple[EndpointSpec, bool], LLMAdapter] = OrderedDict()


def llm(model: str | ModelCard | None = None) -> LLMAdapter:
    """The adapter for a card, or for an endpoint's name, a model's name, or the default.

    With a card it asks nobody and costs nothing when made before; it dials nothing. Raises EndpointError
    ("not_configured") when there is no such model, or none at all.
    """
    card = model if isinstance(model, ModelCard) and model.route else describe(_name(model))
    return _chain(card.asker, card.name, card.route)


def answered_by(card: ModelCard, name: str) -> ModelCard:
    """The card of what answered: the first of the route, or `name` where it changed over; see `Switched`."""
    first = card.route[0] if card.route else None
    found = next((spec for spec in card.route if spec.name == name), first)
    return card if found is None or found.name == card.name else _card_of(found)


def answering_now(card: ModelCard) -> ModelCard:
    """The card of what is asked first: what stands in for it, while something does."""
    return answered_by(card, "")


@lru_cache(maxsize=MOST)
def _embedding(spec: EndpointSpec) -> EmbeddingAdapter:
    return make_embedding(spec, _guard(spec.owner))


@lru_cache(maxsize=MOST)
def _chain(asker: str, name: str, route: tuple[EndpointSpec, ...]) -> Fallback:
    last = len(route) - 1
    legs = [
        (_adapter(spec, hurried=number < last), breaker(asker, _breaks(spec)))
        for number, spec in enumerate(route)
    ]
    return Fallback(legs, asked=name)


def describe(model: str | None = None) -> ModelCard:
    """What a page may say about that model. Raises like `llm`."""
    specs = _specs()
    for spec in specs:
        if model in (None, "", spec.name, spec.model):
            return _card(spec)
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
    return tuple(_card(spec) for spec in specs)


def embedding(model: str = "") -> EmbeddingAdapter:
    """What turns texts into vectors here: the organization's own endpoint, else the model in this process.

    With `model` the one of these that has it. Raises EndpointError where none does any more.
    """
    here = peek_tenant()
    own = endpoints.active(here.organization_id, "llm", "embedding") if here else ()
    zone = endpoints.zone_of(here.organization_id) if here else ""
    able = [*(spec for spec in own if zone in ("", spec.zone)), EMBEDDED]
    chosen = next((spec for spec in able if model in ("", spec.model)), None)
    if chosen is None:
        raise EndpointError(f"no endpoint has {model} any more", permanent=True, code="not_configured")
    return _embedding(chosen)


async def warm() -> None:
    """Load the SDKs and open a connection to each model of the environment, so that nobody waits for it."""
    await asyncio.gather(*(_adapter(spec).health() for spec in environment()))


async def close() -> None:
    """Close the running loop's clients. For the end of a process, or of a loop of its own."""
    for adapter in list(_made.values()):
        await adapter.close()
    await close_breakers()


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


def _route(spec: EndpointSpec) -> tuple[EndpointSpec, ...]:
    """The endpoint, then what may stand in for it; the other way round while a failover is in effect."""
    here = peek_tenant()
    if here is None:
        return (spec,)
    if spec.owner == "platform":
        spares, away = endpoints.platform("llm", "fallback"), standing(None)
    else:
        spares = endpoints.active(here.organization_id, "llm", "fallback")
        away = standing(here.organization_id)
    zone = endpoints.zone_of(here.organization_id)
    allowed = [one for one in spares if zone in ("", one.zone) and one != spec]
    now = away.get(spec.id or spec.name)
    chosen = [one for one in allowed if now is not None and one.id == now.by]
    return (*chosen, spec, *(one for one in allowed if one not in chosen))


def _breaks(spec: EndpointSpec) -> str:
    """What a breaker is kept by: another version of an endpoint has failed nobody yet."""
    return f"{spec.owner}:{spec.id or spec.name}:{spec.version}"


def _adapter(spec: EndpointSpec, *, hurried: bool = False) -> LLMAdapter:
    adapter = _made.get((spec, hurried))
    if adapter is None:
        made = Traced(make(spec, _guard(spec.owner), _limiter, hurried=hurried))
        adapter = _made.setdefault((spec, hurried), made)
        while len(_made) > MOST:
            _made.popitem(last=False)
    return adapter


def environment_guard() -> Guard:
    """The environment's own endpoints are granted by the environment; nothing else of the platform dials here
    without a row."""
    return endpoints.LiveGuard(None, _granted())


def _guard(owner: str) -> Guard:
    if owner == "platform":
        return environment_guard()
    return endpoints.LiveGuard(uuid.UUID(owner), ())


def _name(model: str | ModelCard | None) -> str | None:
    return model.name if isinstance(model, ModelCard) else model


def _card(spec: EndpointSpec) -> ModelCard:
    here = peek_tenant()
    asker = endpoints.owner_of(here.organization_id if here else None)
    return replace(_card_of(spec), route=_route(spec), asker=asker)


@lru_cache(maxsize=MOST)
def _card_of(spec: EndpointSpec) -> ModelCard:
    """Options that nobody understands are told by `make`, to whoever asks that model; pages go on."""
    try:
        return replace(described(spec), route=(spec,))
    except Misconfigured:
        return ModelCard(
            name=spec.name, model=spec.model, builtin=spec.builtin, owner=spec.owner,
            max_output_tokens=spec.max_output_tokens, context_tokens=spec.context_tokens, route=(spec,),
        )  # fmt: skip
