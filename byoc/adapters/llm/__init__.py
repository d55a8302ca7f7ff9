"""Language models.

    openai_compatible, azure, anthropic, google   one adapter per protocol, on the official SDKs
    openai_chunks, anthropic_events, google_chunks   what each protocol's events mean
    clients, bound                    the SDKs on the guarded way out; probes; the list of models
    base, reader, sse, watchdog       what they share: from a raw response to events, within limits
    errors, statuses                  every failure as EndpointError
    options, catalogue                what an endpoint may be told; what well-known models can do
    retrying, limited, queued, fallback   wrappers, adapters themselves
    toolless                          a question with tools, for a model that knows none
    probing                           a look without an SDK

`make` is all that the gateway needs, and `describe` all that pages do.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from byoc.adapters.llm.anthropic import Anthropic
from byoc.adapters.llm.azure import Azure
from byoc.adapters.llm.catalogue import model_of
from byoc.adapters.llm.google import Google
from byoc.adapters.llm.limited import Limited, LocalLimiter
from byoc.adapters.llm.openai_compatible import OpenAI, OpenAICompatible
from byoc.adapters.llm.options import read_options
from byoc.adapters.llm.queued import Queued
from byoc.adapters.llm.retrying import Retrying
from byoc.contracts import EndpointSpec, Limiter, LLMAdapter, ModelCard
from humana.kernel import egress
from humana.kernel.registry import Registry

Maker = Callable[[EndpointSpec, egress.Guard], LLMAdapter]

#: The adapter for each `EndpointSpec.type`. The contract suite runs over all of them.
ADAPTERS: Registry[Maker] = Registry("type of model endpoint")
ADAPTERS.add("openai", OpenAI)
ADAPTERS.add("azure", Azure)
ADAPTERS.add("google", Google)
ADAPTERS.add("anthropic", Anthropic)
ADAPTERS.add("custom", OpenAICompatible)
ADAPTERS.add("local", OpenAICompatible)

#: For whoever gives no other: counts what this process asks.
_local = LocalLimiter()


#: Where another endpoint stands behind this one, it is not asked again for longer than this; seconds.
HURRY = 1.0


def make(
    spec: EndpointSpec, guard: egress.Guard, limiter: Limiter | None = None, *, hurried: bool = False
) -> LLMAdapter:
    """The adapter for `spec`, in its wrappers. Raises Misconfigured; dials nothing yet.

    `limiter` keeps the endpoint's rates (`requests_per_minute`, `tokens_per_minute`); one that all
    processes share is `byoc.limits.SharedLimiter`. `hurried` where another endpoint stands behind it: what
    it says is not waited for as long.
    """
    options = read_options(spec)
    if hurried:
        options = structs.replace(options, retry_seconds=min(options.retry_seconds, HURRY))
    adapter: LLMAdapter = ADAPTERS.get(spec.type)(spec, guard)
    if options.requests_per_minute or options.tokens_per_minute:
        adapter = Limited(adapter, options, limiter or _local)
    adapter = Retrying(adapter, options)
    return adapter if options.places is None else Queued(adapter, options, options.places)


def describe(spec: EndpointSpec) -> ModelCard:
    """What a page may say of the endpoint, and what its answers are priced by. Raises Misconfigured."""
    options = read_options(spec)
    model = model_of(spec, options)
    return ModelCard(
        name=spec.name,
        model=spec.model,
        builtin=spec.builtin,
        owner=spec.owner,
        max_output_tokens=spec.max_output_tokens or model.max_output_tokens,
        context_tokens=spec.context_tokens or model.context_tokens,
        type=spec.type,
        tools=model.tools,
        vision=model.vision,
        priced_as=model.base or spec.model,
        prices=options.prices,
    )
