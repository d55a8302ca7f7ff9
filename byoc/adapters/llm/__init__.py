"""Language models.

    openai_compatible, anthropic   one adapter per protocol, on the official SDKs
    base, reader, sse, watchdog    what they share: from a raw response to events, within limits
    errors                         every failure as EndpointError
    retrying, queued               wrappers, adapters themselves

`make` is all that the gateway needs.
"""

from __future__ import annotations

from collections.abc import Callable

from byoc.adapters.llm.anthropic import Anthropic
from byoc.adapters.llm.openai_compatible import OpenAICompatible
from byoc.adapters.llm.options import read_options
from byoc.adapters.llm.queued import Queued
from byoc.adapters.llm.retrying import Retrying
from byoc.contracts import EndpointSpec, LLMAdapter
from humana.kernel import egress
from humana.kernel.registry import Registry

Maker = Callable[[EndpointSpec, egress.Guard], LLMAdapter]

#: The adapter for each `EndpointSpec.type`. The contract suite runs over all of them.
ADAPTERS: Registry[Maker] = Registry("type of model endpoint")
ADAPTERS.add("openai", OpenAICompatible)
ADAPTERS.add("custom", OpenAICompatible)
ADAPTERS.add("local", OpenAICompatible)
ADAPTERS.add("anthropic", Anthropic)


def make(spec: EndpointSpec, guard: egress.Guard) -> LLMAdapter:
    """The adapter for `spec`, in its wrappers. Raises Misconfigured; dials nothing yet."""
    options = read_options(spec)
    adapter: LLMAdapter = Retrying(ADAPTERS.get(spec.type)(spec, guard), options)
    return adapter if options.places is None else Queued(adapter, options, options.places)
