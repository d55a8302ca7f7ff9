"""Models that turn texts into vectors.

    openai      OpenAI, Azure, and every server that answers on /embeddings
    google      Gemini's batchEmbedContents
    embedded    a small model inside this process, for English and Portuguese: no address, no key
    vectors     from a provider's numbers to rows of length 1

`make_embedding` is all that the gateway needs.
"""

from __future__ import annotations

from collections.abc import Callable

from byoc.adapters.embedding.embedded import Embedded
from byoc.adapters.embedding.google import GoogleEmbedding
from byoc.adapters.embedding.openai import AzureEmbedding, CompatibleEmbedding, OpenAIEmbedding
from byoc.contracts import EmbeddingAdapter, EndpointSpec
from humana.kernel import egress
from humana.kernel.registry import Registry

Maker = Callable[[EndpointSpec, egress.Guard], EmbeddingAdapter]

#: The adapter for each `EndpointSpec.type`. The contract suite runs over all of them.
EMBEDDINGS: Registry[Maker] = Registry("type of embedding endpoint")
EMBEDDINGS.add("openai", OpenAIEmbedding)
EMBEDDINGS.add("azure", AzureEmbedding)
EMBEDDINGS.add("google", GoogleEmbedding)
EMBEDDINGS.add("custom", CompatibleEmbedding)
EMBEDDINGS.add("local", CompatibleEmbedding)
EMBEDDINGS.add("embedded", Embedded)


def make_embedding(spec: EndpointSpec, guard: egress.Guard) -> EmbeddingAdapter:
    """The adapter for `spec`. Raises Misconfigured; dials nothing and loads no model yet."""
    return EMBEDDINGS.get(spec.type)(spec, guard)
