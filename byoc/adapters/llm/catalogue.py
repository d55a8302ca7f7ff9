"""What well-known models can do. An endpoint's own `models` say it better; a guess harms nobody.

A model nobody knows may be asked with tools: its service will say no. The built-in one may not: it
would answer as if it had none.
"""

from __future__ import annotations

import msgspec

from byoc.adapters.llm.options import Connecting, own_model
from byoc.contracts import EndpointSpec, ModelInfo

_K = 1_024
_REASONING = {"accepts_temperature": False, "tokens_parameter": "max_completion_tokens"}

#: How a name begins, the longest first within a family; the first that fits is taken.
_KNOWN: tuple[tuple[str, ModelInfo], ...] = tuple(
    (name, msgspec.convert({"name": name} | facts, ModelInfo))
    for name, facts in (
        ("gpt-5", {"vision": True, "max_output_tokens": 128_000, "context_tokens": 400_000} | _REASONING),
        ("gpt-4.1", {"vision": True, "max_output_tokens": 32_768, "context_tokens": 1_047_576}),
        ("gpt-4o", {"vision": True, "max_output_tokens": 16_384, "context_tokens": 128_000}),
        ("gpt-4-turbo", {"vision": True, "max_output_tokens": 4_096, "context_tokens": 128_000}),
        ("gpt-4", {"max_output_tokens": 8_192, "context_tokens": 8_192}),
        ("gpt-3.5", {"max_output_tokens": 4_096, "context_tokens": 16_385}),
        ("o1-mini", {"tools": False, "max_output_tokens": 65_536, "context_tokens": 128_000} | _REASONING),
        ("o1", {"vision": True, "max_output_tokens": 100_000, "context_tokens": 200_000} | _REASONING),
        ("o3", {"vision": True, "max_output_tokens": 100_000, "context_tokens": 200_000} | _REASONING),
        ("o4", {"vision": True, "max_output_tokens": 100_000, "context_tokens": 200_000} | _REASONING),
        ("claude-3-haiku", {"vision": True, "max_output_tokens": 4_096, "context_tokens": 200_000}),
        ("claude-3-", {"vision": True, "max_output_tokens": 8_192, "context_tokens": 200_000}),
        ("claude-sonnet-4", {"vision": True, "max_output_tokens": 64_000, "context_tokens": 200_000}),
        ("claude-opus-4", {"vision": True, "max_output_tokens": 32_000, "context_tokens": 200_000}),
        ("claude-haiku-4", {"vision": True, "max_output_tokens": 64_000, "context_tokens": 200_000}),
        ("claude-", {"vision": True, "context_tokens": 200_000, "accepts_temperature": False}),
        ("gemini-2.5", {"vision": True, "max_output_tokens": 65_536, "context_tokens": 1_024 * _K}),
        ("gemini-2.0", {"vision": True, "max_output_tokens": 8_192, "context_tokens": 1_024 * _K}),
        ("gemini-", {"vision": True, "context_tokens": 1_024 * _K}),
    )
)
#: Types whose services may serve anything under any name.
_ANYTHING = ("custom", "local")


def model_of(spec: EndpointSpec, options: Connecting, name: str = "") -> ModelInfo:
    """What is known of the model `name` at that endpoint, or of the endpoint's own."""
    name = name or spec.model
    own = next((row for row in options.models if row.get("name") == name), None)
    if own is not None:
        return own_model(own, spec, known_model(own.get("base") or name))
    if spec.builtin:
        return ModelInfo(name=name, tools=False)
    known = None if spec.type in _ANYTHING else known_model(name)
    return known or ModelInfo(name=name)


def known_model(name: str) -> ModelInfo | None:
    """What the catalogue says of a name like `gpt-4o-2024-11-20`; None when it says nothing."""
    for begins, info in _KNOWN:
        if name.startswith(begins):
            return msgspec.structs.replace(info, name=name)
    return None
