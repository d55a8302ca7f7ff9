"""The platform's own endpoints, from the environment.

    HUMANA_LLM_URL, _KEY, _MODEL          any server that speaks OpenAI's protocol
    HUMANA_LLM_OPTIONS                    JSON for it, see `LLMOptions` ({"stream_usage": false})
    OPENAI_API_KEY (+ _BASE_URL)          OpenAI; HUMANA_OPENAI_MODEL
    ANTHROPIC_API_KEY (+ _BASE_URL)       Anthropic; HUMANA_ANTHROPIC_MODEL
    HUMANA_LLM_BUILTIN=1                  HUMANA_LLM_URL is the built-in model, set by `make up`

All that are given are offered; the first is what a companion uses that names no model. A server
somebody took the trouble to name comes first, the built-in model last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from byoc.contracts import EndpointSpec
from humana import env
from humana.kernel.egress import Grant
from humana.kernel.errors import Misconfigured

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-5.4-mini"
ANTHROPIC_URL = "https://api.anthropic.com"
ANTHROPIC_MODEL = "claude-haiku-5-5"
MAX_OUTPUT_TOKENS = 4_096
WEB = ("http", "https")

#: SmolLM2 has 135 million parameters: it loops without a penalty and rambles when it may.
BUILTIN_OPTIONS: dict[str, Any] = {
    "places": 2,  # the server has two slots, each with half of the context
    "temperature": 0.6,
    "extra_body": {"repeat_penalty": 1.15},
}
BUILTIN_MAX_OUTPUT_TOKENS = 200
BUILTIN_CONTEXT_TOKENS = 2_048


def platform_llms() -> tuple[EndpointSpec, ...]:
    """The models this installation offers, the default first. Raises Misconfigured."""
    named = _from_humana()
    candidates = [_from_openai(), _from_anthropic()]
    if named is not None:
        candidates.insert(2 if named.builtin else 0, named)
    return tuple(spec for spec in candidates if spec is not None)


def grants_for(specs: Iterable[EndpointSpec]) -> tuple[Grant, ...]:
    """Leave to dial them: whoever sets the environment may name a private or plain-http address."""
    return tuple(
        Grant.for_url(spec.url, owner=spec.owner, reason=f"platform endpoint {spec.name}") for spec in specs
    )


def _from_humana() -> EndpointSpec | None:
    url = env.url("HUMANA_LLM_URL", schemes=WEB)
    if url is None:
        return None
    builtin = env.flag("HUMANA_LLM_BUILTIN")
    return EndpointSpec(
        name="builtin" if builtin else "custom",
        kind="llm",
        type="local" if builtin else "custom",
        url=url,
        model=env.text("HUMANA_LLM_MODEL", "default"),
        key=env.text("HUMANA_LLM_KEY", ""),
        builtin=builtin,
        max_output_tokens=BUILTIN_MAX_OUTPUT_TOKENS if builtin else None,
        context_tokens=BUILTIN_CONTEXT_TOKENS if builtin else None,
        options=(BUILTIN_OPTIONS if builtin else {}) | _named_options(),
    )


def _named_options() -> dict[str, Any]:
    try:
        options = json.loads(env.text("HUMANA_LLM_OPTIONS", "{}"))
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise Misconfigured('HUMANA_LLM_OPTIONS should be JSON like {"stream_usage": false}.')
    return options


def _from_openai() -> EndpointSpec | None:
    key = env.text("OPENAI_API_KEY")
    if key is None:
        return None
    return EndpointSpec(
        name="openai",
        kind="llm",
        type="openai",
        url=env.url("OPENAI_BASE_URL", OPENAI_URL, schemes=WEB),
        model=env.text("HUMANA_OPENAI_MODEL", OPENAI_MODEL),
        key=key,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        # Newer models of OpenAI refuse `max_tokens`, and any temperature but their own.
        options={"tokens_parameter": "max_completion_tokens", "accepts_temperature": False},
    )


def _from_anthropic() -> EndpointSpec | None:
    key = env.text("ANTHROPIC_API_KEY")
    if key is None:
        return None
    return EndpointSpec(
        name="anthropic",
        kind="llm",
        type="anthropic",
        url=env.url("ANTHROPIC_BASE_URL", ANTHROPIC_URL, schemes=WEB),
        model=env.text("HUMANA_ANTHROPIC_MODEL", ANTHROPIC_MODEL),
        key=key,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        options={"accepts_temperature": False},
    )
