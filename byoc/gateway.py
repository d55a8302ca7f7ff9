"""The one door to models. Everybody who asks a model anything comes through here.

    adapter = gateway.llm(companion.model)
    async with aclosing(adapter.stream(request)) as events: …

What stands between the caller and the wire, outermost first:

    queued(retrying(adapter))      the built-in model
    retrying(adapter)              every other
"""

from __future__ import annotations

import asyncio
from functools import lru_cache

from byoc.adapters.llm import make
from byoc.contracts import EndpointSpec, LLMAdapter, ModelCard
from byoc.platform import grants_for, platform_llms
from byoc.sentences import explain
from humana.kernel.egress import Guard
from humana.kernel.errors import EndpointError

__all__ = ["close", "describe", "explain", "llm", "offered", "reload", "shown", "warm"]

_made: dict[EndpointSpec, LLMAdapter] = {}


def llm(model: str | None = None) -> LLMAdapter:
    """The adapter for `model`: an endpoint's name, a model's name, or the default.

    Costs nothing when made before; dials nothing. Raises EndpointError ("not_configured") when
    there is no such model, or none at all.
    """
    spec = _chosen(model)
    adapter = _made.get(spec)
    if adapter is None:
        adapter = _made.setdefault(spec, make(spec, _guard(spec.owner)))
    return adapter


def describe(model: str | None = None) -> ModelCard:
    """What a page may say about that model. Raises like `llm`."""
    return _card(_chosen(model))


def shown(model: str | None = None) -> ModelCard | None:
    """What a page says about that model; None where none is connected, since pages work without."""
    try:
        return describe(model)
    except EndpointError:
        return None


def offered() -> tuple[ModelCard, ...]:
    """Every model there is to choose from, the default first; empty when none is connected."""
    return tuple(_card(spec) for spec in _specs())


async def warm() -> None:
    """Load the SDKs and open a connection to each model, so that the first question need not wait."""
    await asyncio.gather(*(llm(card.name).health() for card in offered()))


async def close() -> None:
    """Close the running loop's clients. For the end of a process, or of a loop of its own."""
    for adapter in list(_made.values()):
        await adapter.close()


def reload() -> None:
    """Read the environment again. Adapters of endpoints that did not change stay as they are."""
    _specs.cache_clear()
    _guard.cache_clear()


@lru_cache(maxsize=1)
def _specs() -> tuple[EndpointSpec, ...]:
    return platform_llms()


@lru_cache(maxsize=256)
def _guard(owner: str) -> Guard:
    return Guard(owner, grants_for(_specs()))


def _chosen(model: str | None) -> EndpointSpec:
    specs = _specs()
    for spec in specs:
        if model in (None, "", spec.name, spec.model):
            return spec
    missing = f"No model is named {model!r}" if specs else "No model is connected"
    raise EndpointError(
        f"{missing}: set HUMANA_LLM_URL, OPENAI_API_KEY or ANTHROPIC_API_KEY.",
        permanent=True,
        code="not_configured",
    )


def _card(spec: EndpointSpec) -> ModelCard:
    return ModelCard(
        name=spec.name,
        model=spec.model,
        builtin=spec.builtin,
        owner=spec.owner,
        max_output_tokens=spec.max_output_tokens,
        context_tokens=spec.context_tokens,
    )
